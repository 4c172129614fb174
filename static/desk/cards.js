/** Cards, quick replies and templates in a bubble. Paints what _card.html and _message.html print. */

import { blank, field, show } from "./blanks.js";
import { text } from "./texts.js";

/** @param {HTMLElement} bubble @param {any} message */
export function paintParts(bubble, message) {
  const gone = Boolean(message.unsent_at);
  fill(field(bubble, "cards"), gone ? [] : (message.cards ?? []), newCard);
  fill(field(bubble, "quick-replies"), gone ? [] : (message.quick_replies ?? []), newChip);
  show(field(bubble, "template"), message.template && !gone ? text("template", { name: message.template.name }) : "");
}

/** @param {any} card */
function newCard(card) {
  const item = blank("blank-card");
  field(item, "title").textContent = card.title;
  field(item, "price").textContent = money(card.price);
  show(field(item, "state"), [card.number, card.status].filter(Boolean).join(" · "));
  show(field(item, "text"), card.text ?? "");
  show(field(item, "total"), money(card.total));
  fill(field(item, "lines"), card.lines ?? [], newLine);
  fill(field(item, "buttons"), card.buttons ?? [], newChip);
  return item;
}

function newLine(line) {
  const item = document.createElement("li");
  for (const words of [`${line.quantity ?? 1} × ${line.name}`, money(line.price)]) {
    const part = document.createElement("span");
    part.textContent = words;
    item.append(part);
  }
  return item;
}

function newChip({ label }) {
  const item = document.createElement("li");
  item.className = "chip";
  item.textContent = label;
  return item;
}

function fill(list, rows, make) {
  list.hidden = !rows.length;
  list.replaceChildren(...rows.map(make));
}

/** The same text as the server writes: the amount's own decimals, in groups of three. */
function money(amount) {
  if (!amount) return "";
  const [whole, part] = amount.amount.split(".");
  return `${amount.currency} ${whole.replace(/\B(?=(\d{3})+$)/g, ",")}${part ? `.${part}` : ""}`;
}
