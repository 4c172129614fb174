// A file of the visitor: uploaded first, then it goes the way of every message.

import { currentToken } from "./calls.js";

const MOST_BYTES = 25_000_000;
const SECONDS = 120;

/**
 * @param {HTMLInputElement} chooser
 * @param {{begun: (name: string) => string, progress: (clientId: string, percent: number) => void,
 *   refused: (clientId: string, tooLarge: boolean) => void, done: (clientId: string, id: string) => void}} told
 */
export function attachUploads(chooser, told) {
  chooser.addEventListener("change", () => {
    for (const file of chooser.files ?? []) send(file, told);
    chooser.value = "";
  });
}

/** @param {File} file @param {Parameters<typeof attachUploads>[1]} told */
function send(file, told) {
  const clientId = told.begun(file.name);
  if (file.size > MOST_BYTES) return told.refused(clientId, true);
  const request = new XMLHttpRequest(); // fetch does not tell how far an upload has come
  request.open("POST", `/widget/uploads?${new URLSearchParams({ name: file.name })}`);
  request.timeout = SECONDS * 1000;
  request.setRequestHeader("Authorization", `Visitor ${currentToken()}`);
  request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) told.progress(clientId, Math.round((event.loaded / event.total) * 100));
  });
  request.addEventListener("loadend", () => {
    if (request.status === 201) told.done(clientId, JSON.parse(request.responseText).file.id);
    else told.refused(clientId, request.status === 413);
  });
  request.send(file);
}
