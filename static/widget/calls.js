// The calls to our own server. The visitor's token travels in a header, never in an address.

let token = "";
/** @type {(token: string, isPerson: boolean) => void} */
let renewed = () => {};

/** The server could not be reached. */
export class Offline extends Error {}

/**
 * @param {string} known the token of an earlier visit, or ""
 * @param {(token: string, isPerson: boolean) => void} onRenewed told of each new token, and whether a proven person holds it
 */
export function begin(known, onRenewed) {
  token = known;
  renewed = onRenewed;
}

/** @returns {string} */
export function currentToken() {
  return token;
}

/**
 * @param {string} method
 * @param {string} path below /widget/
 * @param {object} [body]
 * @returns {Promise<{status: number, wait: number, content: any}>} wait: seconds the server asks for
 */
export async function call(method, path, body) {
  /** @type {Record<string, string>} */
  const headers = token ? { Authorization: `Visitor ${token}` } : {};
  if (body) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(`/widget/${path}`, {
      method,
      headers,
      body: body && JSON.stringify(body),
      credentials: "omit",
      signal: AbortSignal.timeout(20_000),
    });
  } catch (error) {
    throw new Offline(String(error));
  }
  const content = await response.json().catch(() => ({}));
  if (typeof content.token === "string" && content.token !== token) {
    token = content.token;
    renewed(token, Boolean(content.is_person));
  }
  return { status: response.status, wait: Number(response.headers.get("Retry-After")) || 0, content };
}
