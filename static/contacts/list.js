/** The list of contacts: how many there are is told when the page stands, and how many of them are selected. */

import { get } from "../desk/api.js";

const count = document.getElementById("count");
const bulk = document.getElementById("bulk");
let total = null;

get(count.dataset.url)
  .then((answer) => {
    total = answer.count;
    count.textContent = spoken(total);
    count.dataset.count = String(total);
    tell();
  })
  .catch(() => count.remove()); // the list is as good without it

function spoken(number) {
  return number.toLocaleString(document.documentElement.lang);
}

function boxes() {
  return [...document.querySelectorAll('input[name="id"][form="bulk"]')];
}

/** Say how many are selected; work on nobody is not offered, nor a merge of fewer or more than it takes. */
function tell() {
  if (!bulk) return;
  const everybody = bulk.elements.everybody.checked;
  const number = everybody ? total : boxes().filter((box) => box.checked).length;
  for (const box of boxes()) box.disabled = everybody;
  for (const button of bulk.querySelectorAll("button")) {
    const { least = 1, most = Infinity } = button.dataset;
    button.disabled = number !== null && (number < least || number > most);
  }
  const words = number ? bulk.dataset.some.replace("{count}", spoken(number)) : bulk.dataset.nobody;
  document.getElementById("selected").textContent = number === null ? "" : words;
}

document.addEventListener("change", (event) => {
  if (event.target.id === "pick-all") {
    for (const box of boxes()) box.checked = event.target.checked;
  }
  if (event.target.closest("#bulk, .pick")) tell();
});
tell();
