/** What is known of a person, beside a thread or on their page: names kept in step, read again when it changed. */

import { writeAll } from "./times.js";

const ABOUT = /^(contact|order|survey)\./;
const CHANGED = "person-changed";
const PAUSE_MS = 400;

let timer;
/** @type {{contact: string | undefined, open: Map<string, boolean>}} which folds of whose part stand open */
let folds = { contact: undefined, open: new Map() };

/** Fields in which somebody has written. */
const touched = new WeakSet();
document.body.addEventListener("input", (event) => touched.add(event.target));

document.body.addEventListener("htmx:beforeSwap", (event) => {
  const part = event.detail.target;
  if (part.id !== "person" || !part.dataset.contact) return;
  if (event.detail.requestConfig.triggeringEvent?.type === CHANGED && isBusy(part)) {
    event.detail.shouldSwap = false; // somebody began to write while the answer was on its way
    refreshLater(part);
    return;
  }
  const open = [...part.querySelectorAll("[data-part]")].map((fold) => [fold.dataset.part, fold.open]);
  folds = { contact: part.dataset.contact, open: new Map(open) };
});

/** The part has been printed anew: write its times, and the name where else it stands. */
export function arrived() {
  const part = document.getElementById("person");
  if (!part?.dataset.contact) return;
  writeAll(part);
  if (part.dataset.contact === folds.contact) {
    for (const fold of part.querySelectorAll("[data-part]")) fold.open = folds.open.get(fold.dataset.part) ?? fold.open;
  }
  const { name, before, after } = part.dataset;
  if (name) document.querySelectorAll('[data-field="contact"]').forEach((place) => (place.textContent = name));
  put("honorific-before", before && `${before} `);
  put("honorific-after", after);
}

/** Something happened: where it is about this person, the part is read again, but not under somebody's hands.
 * @param {any} event */
export function heard(event) {
  const part = document.getElementById("person");
  if (!ABOUT.test(event.name) || event.contact_id !== part?.dataset.contact) return;
  clearTimeout(timer);
  timer = setTimeout(refresh, PAUSE_MS);
}

function refresh() {
  const part = document.getElementById("person");
  if (!part) return;
  if (isBusy(part)) refreshLater(part);
  else window.htmx.trigger(part, CHANGED);
}

function refreshLater(part) {
  part.addEventListener("focusout", () => setTimeout(refresh, PAUSE_MS), { once: true });
}

/** Somebody is in a field, or has left words in one that were not sent. */
function isBusy(part) {
  const isIn = part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
  return isIn || [...part.querySelectorAll("input, textarea")].some((field) => touched.has(field) && field.value);
}

function put(id, words) {
  const place = document.getElementById(id);
  if (place) place.textContent = words ?? "";
}
