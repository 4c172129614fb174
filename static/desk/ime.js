/** Enter that ends a conversion of Chinese or Japanese input never does anything else. */

const composing = new WeakSet();

/** Watch a document or element: remembers which of its fields are composing.
 * @param {EventTarget} root */
export function watchComposition(root) {
  root.addEventListener("compositionstart", (event) => composing.add(event.target), true);
  // Safari ends the composition before the keydown of the Enter that ended it: the mark goes one task later
  root.addEventListener("compositionend", (event) => setTimeout(() => composing.delete(event.target)), true);
}

/** Whether a key belongs to an input method.
 * @param {KeyboardEvent} event */
export function isComposing(event) {
  return event.isComposing || event.keyCode === 229 || composing.has(event.target);
}
