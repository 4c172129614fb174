/** Rows and bubbles from event rows, painted into the server's own blank markup. */

import { paintAttachments } from "./attachments.js";
import { address, blank, field, icon, show } from "./blanks.js";
import { paintParts } from "./cards.js";
import { paintComment } from "./comments.js";
import { text } from "./texts.js";
import { onDay, tick, write } from "./times.js";
import { closingOf } from "./windows.js";

const TONES = 8;
const KNOWN_CHANNELS = new Set(["widget", "messenger", "instagram", "line", "whatsapp", "telegram", "wechat", "sms", "email", "api"]);

/** What stands in an avatar: two capitals of a Latin name, else its first character.
 * @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  if (!words.length) return "";
  const first = (word) => [...word][0];
  return first(words[0]).charCodeAt(0) < 128 ? words.slice(0, 2).map(first).join("").toUpperCase() : first(words[0]);
}

const tone = (id) => (id ? Number.parseInt(id.at(-1), 16) % TONES : 0);

/** A new list row. @param {any} row a conversation as the server gives it, with the agent's `read_number` */
export function newRow(row) {
  const element = blank("blank-row");
  element.dataset.read = row.read_number;
  address(element.querySelector(".row-link"), row.id, "href", "hx-get");
  paintRow(element, row);
  return element;
}

/** Bring a list row up to date; how far it is read stays as it was.
 * @param {HTMLElement} element @param {any} row */
export function paintRow(element, row) {
  Object.assign(element.dataset, {
    id: row.id,
    status: row.status,
    assignee: row.assignee_id ?? "",
    inbox: row.inbox_id,
    lastInbound: row.last_inbound_number,
    activity: row.last_activity_at,
    waiting: row.waiting_since ?? "",
    closes: closingOf(row),
    priority: row.priority,
  });
  const name = row.contact_name || "";
  const avatar = field(element, "avatar");
  avatar.className = `avatar tone-${tone(row.contact_id)}`;
  avatar.textContent = initials(name || text("visitor"));
  field(element, "name").textContent = name || text("visitor");
  const preview = row.last_message_text || text("no-text");
  field(element, "preview").textContent = row.last_message_direction === "out" ? text("replied", { text: preview }) : preview;
  icon(field(element, "channel"), `channel-${KNOWN_CHANNELS.has(row.channel) ? row.channel : "other"}`);
  field(element, "inbox").textContent = row.inbox_name;
  field(element, "kind").hidden = row.kind !== "comments";
  field(element, "assignee").textContent = row.assignee_name ?? "";
  field(element, "time").dateTime = row.last_activity_at;
  write(field(element, "time"));
  const wait = field(element, "waiting");
  wait.hidden = !row.waiting_since;
  wait.dateTime = row.waiting_since ?? "";
  field(element, "closing").dateTime = element.dataset.closes;
  tick(element);
  markUnread(element);
}

/** Show whether the agent has read a row's newest message. @param {HTMLElement} element */
export function markUnread(element) {
  const unread = Number(element.dataset.lastInbound) > Number(element.dataset.read);
  element.classList.toggle("is-unread", unread);
  field(element, "unread").textContent = unread ? text("unread") : "";
}

/** A new bubble. @param {any} message a message as the server gives it, or one still to be sent */
export function newBubble(message) {
  const element = blank("blank-message");
  paintBubble(element, message);
  return element;
}

/** Bring a bubble up to date. @param {HTMLElement} element @param {any} message */
export function paintBubble(element, message) {
  Object.assign(element.dataset, {
    id: message.id ?? "",
    client: message.client_id ?? "",
    number: message.number ?? "",
    sent: message.sent_at,
    status: message.status,
    kind: message.kind,
  });
  element.classList.toggle("is-in", message.direction === "in");
  element.classList.toggle("is-out", message.direction === "out");
  element.toggleAttribute("data-unsent", Boolean(message.unsent_at));
  show(field(element, "author"), author(message));
  show(field(element, "text"), message.unsent_at ? "" : message.text);
  paintAttachments(field(element, "attachments"), message.unsent_at ? [] : (message.attachments ?? []));
  paintParts(element, message);
  paintComment(element, message);
  paintMail(element, message);
  const strange = message.kind === "unsupported" ? text("unsupported") : "";
  const erased = message.erased_at && !message.text ? text("erased", { date: onDay(message.erased_at) }) : "";
  show(field(element, "note"), message.unsent_at ? text("unsent") : erased || strange);
  show(field(element, "reaction"), message.reaction ?? "");
  field(element, "time").dateTime = message.sent_at;
  write(field(element, "time"));
  field(element, "edited").hidden = !message.edited_at;
  field(element, "status").textContent = message.direction === "out" ? text(`message-${message.status}`) || text(message.status) : "";
  const troubled = message.status === "failed" || message.status === "unconfirmed";
  field(element, "trouble").hidden = !troubled;
  if (troubled) {
    const kind = message.status === "unconfirmed" ? "unknown_outcome" : (message.error_kind ?? "");
    field(element, "reason").textContent = text(`error-${kind}`) || text("error-");
  }
}

/** The subject of a mail, which leads to the whole of it, and who wrote it where it is not the customer's own address. */
function paintMail(element, message) {
  const link = field(element, "mail");
  field(element, "subject").hidden = Boolean(message.unsent_at) || !(message.subject || message.written_from);
  link.textContent = message.subject ?? "";
  link.hidden = !message.subject;
  if (message.id) address(link, message.id, "href");
  const isCustomers = message.direction === "in" && !message.written_from;
  element.dataset.everybody = isCustomers ? [...(message.mail_to ?? []), ...(message.cc ?? [])].join(" ") : "";
  for (const [place, name] of [["copy", "cc"], ["secret-copy", "bcc"]]) {
    field(element, name).textContent = (message[name] ?? []).join(", ");
    field(element, place).hidden = !message[name]?.length;
  }
  field(element, "copies").hidden = Boolean(message.unsent_at) || !(message.cc?.length || message.bcc?.length);
  field(element, "typed").hidden = !message.is_typed || Boolean(message.unsent_at);
  field(element, "written-from").textContent = message.written_from ?? "";
}

function author(message) {
  if (message.author_kind === "agent") return message.agent_name ?? "";
  return message.author_kind === "contact" ? (message.sender_name ?? "") : text(message.author_kind);
}
