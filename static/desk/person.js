/** What is known of a person, beside a thread or on their page: names kept in step, read again when it changed. */

import { writeAll } from "./times.js";

const ABOUT = /^(contact|order)\./;
const PAUSE_MS = 400;

let timer;

/** The part has been printed anew: write its times, and the name where else it stands. */
export function arrived() {
  const part = document.getElementById("person");
  if (!part?.dataset.contact) return;
  writeAll(part);
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
  if (isBusy(part)) part.addEventListener("focusout", () => setTimeout(refresh, PAUSE_MS), { once: true });
  else window.htmx.trigger(part, "person-changed");
}

function isBusy(part) {
  return part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
}

function put(id, words) {
  const place = document.getElementById(id);
  if (place) place.textContent = words ?? "";
}
