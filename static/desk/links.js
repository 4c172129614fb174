/** Where comments went on in private, and where a private talk began: read again when it becomes known whom a private
 * message has reached, and beside comments when a customer of the same inbox writes elsewhere. */

import { fragment } from "./api.js";

const PAUSE_MS = 2_000;
let timer;

/** Something happened. The platform names the reader of a private message otherwise than the author of a comment, so only
 * the server knows whether it is the same person. @param {any} event */
export function heard(event) {
  const links = document.getElementById("links");
  const { url, inbox, post } = links?.dataset ?? {};
  if (!url || timer || event.conversation?.inbox_id !== inbox) return;
  const hasWritten = post !== undefined && event.name === "message.received" && event.conversation.kind === "chat";
  if (!hasWritten && event.name !== "comment.reached") return;
  timer = setTimeout(async () => {
    timer = undefined;
    const html = await fragment(url).catch(() => null); // the next message asks again
    if (html !== null && links.isConnected) links.innerHTML = html;
  }, PAUSE_MS);
}
