/** The server's own blank markup, from which everything live is painted. */

const NOBODY = "00000000-0000-0000-0000-000000000000"; // whom the addresses in a blank name
const { icons } = document.body.dataset;

/** @param {ParentNode} part @param {string} field @returns {any} */
export const field = (part, field) => part.querySelector(`[data-field="${field}"]`);

/** A fresh copy of a blank.
 * @param {string} id @returns {HTMLElement} */
export function blank(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** Let the addresses of something painted name its row.
 * @param {Element} element @param {string} id @param {...string} attributes those that hold an address */
export function address(element, id, ...attributes) {
  for (const name of attributes) element.setAttribute(name, element.getAttribute(name).replace(NOBODY, id));
}

/** @param {Element} use @param {string} name */
export function icon(use, name) {
  use.setAttribute("href", `${icons}#${name}`);
}

/** Write a text, and hide its place when there is none. @param {HTMLElement} element @param {string} content */
export function show(element, content) {
  element.textContent = content;
  element.hidden = !content;
}
