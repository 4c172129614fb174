/** Talking to our own server. */

const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** The server said no: `code` for the machine, `message` for the person, `body` whole. */
export class Refused extends Error {
  /** @param {number} status @param {any} body */
  constructor(status, body) {
    super(body.title ?? "");
    this.status = status;
    this.code = body.code ?? "";
    this.body = body;
  }
}

/** Nobody is signed in any more. */
export class SignedOut extends Error {}

/** POST JSON. Throws Refused for an answer that says no, SignedOut, and TypeError when nothing could be reached.
 * @param {string} url @param {object} body @returns {Promise<any>} */
export function post(url, body) {
  return answer(
    fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token, Accept: "application/json" },
      body: JSON.stringify(body),
    }),
  );
}

/** GET JSON; throws like post().
 * @param {string} url @returns {Promise<any>} */
export function get(url) {
  return answer(fetch(url, { headers: { Accept: "application/json" } }));
}

/** GET a fragment of a page as text; throws like post().
 * @param {string} url @returns {Promise<string>} */
export async function fragment(url) {
  const response = await fetch(url, { headers: { "HX-Request": "true" } });
  if (response.redirected) throw new SignedOut();
  if (!response.ok) throw new Refused(response.status, {});
  return response.text();
}

/** POST one file as it is. `answer` throws like post(); `stop` gives up.
 * @param {string} url @param {File} file @param {(share: number) => void} onProgress from 0 to 1
 * @returns {{answer: Promise<any>, stop: () => void}} */
export function upload(url, file, onProgress) {
  const call = new XMLHttpRequest(); // fetch() does not tell how far it has come
  const sent = new Promise((resolve, reject) => {
    call.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total ? loaded / total : 0));
    call.addEventListener("error", () => reject(new TypeError("nothing could be reached")));
    call.addEventListener("abort", () => reject(new TypeError("given up")));
    call.addEventListener("load", () => resolve(call));
  });
  call.open("POST", url);
  const headers = { "Content-Type": file.type || "application/octet-stream", "X-CSRFToken": token, Accept: "application/json" };
  for (const [name, value] of Object.entries(headers)) call.setRequestHeader(name, value);
  call.send(file);
  return { answer: sent.then(() => read(call, url)), stop: () => call.abort() };
}

function read(call, url) {
  if (new URL(call.responseURL).pathname !== new URL(url, location.href).pathname) throw new SignedOut();
  const isJson = (call.getResponseHeader("Content-Type") ?? "").includes("json");
  const body = isJson ? JSON.parse(call.responseText) : {};
  if (call.status >= 300) throw new Refused(call.status, body);
  return body;
}

async function answer(request) {
  const response = await request;
  if (response.redirected) throw new SignedOut();
  const isJson = (response.headers.get("Content-Type") ?? "").includes("json");
  const body = isJson ? await response.json() : {};
  if (!response.ok) throw new Refused(response.status, body);
  return body;
}
