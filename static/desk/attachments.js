/** What comes and goes with a message: pictures, sounds, films, files, links, places. Paints what _attachment.html prints. */

import { address, blank, field, icon } from "./blanks.js";
import { text } from "./texts.js";

const ICONS = { image: "image", sticker: "image", location: "place", link: "link" };
const LONGEST_EDGE = 240;
const SHOWN = /^(audio\/(mpeg|mp4|aac|ogg|wav|webm|flac)|video\/(mp4|webm|ogg|quicktime))$/;

/** Bring a message's list up to date; what has not changed stays, so that nothing stops playing.
 * @param {HTMLElement} list @param {any[]} attachments */
export function paintAttachments(list, attachments) {
  list.hidden = !attachments.length;
  const known = new Map([...list.children].map((item) => [`${item.dataset.attachment} ${item.dataset.state}`, item]));
  list.replaceChildren(...attachments.map((row) => known.get(`${row.id} ${row.state}`) ?? newAttachment(row)));
}

/** @param {number} size @returns {string} */
export function fileSize(size) {
  const kilobytes = Math.max(1, Math.round(size / 1000));
  return kilobytes < 1000 ? `${kilobytes} KB` : `${Math.round(size / 100_000) / 10} MB`;
}

function newAttachment(row) {
  const item = blank("blank-attachment");
  const look = lookOf(row);
  item.className = `attachment is-${look}`;
  Object.assign(item.dataset, { attachment: row.id, state: row.state });
  const kept = { fetching: ["plain", "fetching"], absent: ["plain", "absent"] }[look] ?? [look];
  for (const part of item.querySelectorAll("[data-part]")) if (!kept.includes(part.dataset.part)) part.remove();
  for (const link of item.querySelectorAll("[href*='/desk/'], [data-act]")) {
    address(link, row.id, link.dataset.act ? "data-act" : "href");
  }
  fillers[look]?.(item, row);
  if (kept.includes("plain")) {
    icon(field(item, "icon"), ICONS[row.kind] ?? "file");
    field(item, "words").textContent = wordsOf(row);
  }
  return item;
}

const fillers = {
  picture(item, row) {
    const picture = item.querySelector("img");
    const scale = Math.min(1, LONGEST_EDGE / Math.max(row.width, row.height));
    const size = { width: Math.max(1, Math.round(row.width * scale)), height: Math.max(1, Math.round(row.height * scale)) };
    Object.assign(picture, { alt: row.name, ...size }); // told before it is loaded, so that nothing jumps
    picture.src = `${item.querySelector("a").getAttribute("href")}?thumbnail`;
  },
  film: (item, row) => play(item.querySelector("video"), row),
  sound: (item, row) => play(item.querySelector("audio"), row),
  file(item, row) {
    field(item, "name").textContent = row.name;
    field(item, "size").textContent = row.size ? fileSize(row.size) : "";
  },
  link(item, row) {
    item.querySelector("a").href = row.url;
    field(item, "name").textContent = row.name || row.url;
  },
  absent(item, row) {
    field(item, "reason").textContent = text(`file-${row.reason}`) || text("file-");
  },
};

function play(player, row) {
  player.setAttribute("aria-label", row.name);
  player.src = `/desk/attachments/${row.id}/`;
}

function lookOf(row) {
  if (row.state === "fetching") return "fetching";
  if (row.state === "none") return row.url ? "link" : "plain";
  if (row.state !== "stored") return "absent";
  if (row.has_thumbnail) return "picture";
  if (!SHOWN.test(row.mime)) return "file";
  return row.mime.startsWith("audio/") ? "sound" : "film";
}

function wordsOf(row) {
  const { latitude, longitude, address } = row.place ?? {};
  const isPoint = typeof latitude === "number" && typeof longitude === "number";
  const point = isPoint ? `${latitude.toFixed(5)}, ${longitude.toFixed(5)}` : "";
  const kind = text(`attachment-${row.kind}`) || text("attachment-file");
  return [kind, row.name, address, point, row.size && fileSize(row.size)].filter(Boolean).join(" · ");
}
