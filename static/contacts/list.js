/** The list of contacts: how many there are is told when the page stands. */

import { get } from "../desk/api.js";

const count = document.getElementById("count");

/** @param {number} number */
export function counted(number) {
  count.textContent = number.toLocaleString(document.documentElement.lang);
  count.dataset.count = String(number);
  document.dispatchEvent(new CustomEvent("contacts:counted", { detail: number }));
}

get(count.dataset.url)
  .then((answer) => counted(answer.count))
  .catch(() => count.remove()); // the list is as good without it
