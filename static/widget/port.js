// The line to the shop's page: one MessagePort, handed over once by our own parent from an allowed origin.

/**
 * @param {string} origin
 * @param {string[]} allowed origins; `https://*.shop.example` and `http://localhost:*` stand for several
 * @returns {boolean}
 */
export function isAllowed(origin, allowed) {
  return allowed.some((pattern) => {
    const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
    const form = escaped.replace("://*\\.", "://(?:[a-z0-9-]+\\.)+").replace(/:\*$/, "(?::\\d+)?");
    return new RegExp(`^${form}$`).test(origin);
  });
}

/**
 * Wait for the hand-over.
 * @param {string[]} allowed
 * @returns {Promise<{greeting: any, port: MessagePort}>}
 */
export function handedOver(allowed) {
  return new Promise((resolve) => {
    const hear = (/** @type {MessageEvent} */ event) => {
      const port = event.ports[0];
      if (event.source !== window.parent || !isAllowed(event.origin, allowed)) return;
      if (event.data?.type !== "kontor" || !port) return;
      window.removeEventListener("message", hear);
      resolve({ greeting: event.data, port });
    };
    window.addEventListener("message", hear);
  });
}
