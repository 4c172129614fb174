// The writing field: Enter sends, Shift+Enter breaks the line, and a word being composed is never sent.

const COMPOSING_KEY = 229;

/**
 * @param {HTMLFormElement} form
 * @param {HTMLTextAreaElement} field
 * @param {{send: (text: string) => void, typing: () => void}} told
 */
export function attachComposer(form, field, told) {
  let composing = false;
  field.addEventListener("compositionstart", () => (composing = true));
  // Safari ends the composition before it reports the Enter that ended it.
  field.addEventListener("compositionend", () => setTimeout(() => (composing = false)));
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || composing || event.keyCode === COMPOSING_KEY) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  field.addEventListener("input", () => told.typing());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (composing || !field.value.trim()) return;
    told.send(field.value.trim());
    field.value = "";
    field.focus();
  });
  field.disabled = false; // until here nobody would have sent what stands in it
}
