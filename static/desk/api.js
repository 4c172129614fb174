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

async function answer(request) {
  const response = await request;
  if (response.redirected) throw new SignedOut();
  const isJson = (response.headers.get("Content-Type") ?? "").includes("json");
  const body = isJson ? await response.json() : {};
  if (!response.ok) throw new Refused(response.status, body);
  return body;
}
