/** Where comments went on in private: read again when a customer of the same inbox writes elsewhere. */

import { fragment } from "./api.js";

const PAUSE_MS = 2_000;
let timer;

/** Somebody wrote. The platform names the reader of a private message otherwise than the author of a comment, so only
 * the server knows whether it is the same person. @param {any} event */
export function heard(event) {
  const links = document.getElementById("links");
  const { url, inbox } = links?.dataset ?? {};
  const mayBeLinked = url && event.name === "message.received" && event.conversation?.inbox_id === inbox;
  if (!mayBeLinked || event.conversation.kind !== "chat" || timer) return;
  timer = setTimeout(async () => {
    timer = undefined;
    const html = await fragment(url).catch(() => null); // the next message asks again
    if (html !== null && links.isConnected) links.innerHTML = html;
  }, PAUSE_MS);
}
