/** What this browser keeps for one person at one brand: drafts and unsent answers, for at most seven days. */

const LIFE_MS = 7 * 24 * 3600 * 1000;
const PREFIX = "kontor:";
const { tenant = "", agent = "" } = document.body.dataset;

/** @param {string} name */
const keyOf = (name) => `${PREFIX}${tenant}:${agent}:${name}`;

/** The value kept under a name, or null.
 * @param {string} name */
export function read(name) {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(name)) ?? "null");
    return kept && Date.now() - kept.at < LIFE_MS ? kept.value : null;
  } catch {
    return null;
  }
}

/** Keep a value; null forgets it. A full or forbidden storage keeps nothing.
 * @param {string} name @param {any} value */
export function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(keyOf(name));
    else localStorage.setItem(keyOf(name), JSON.stringify({ at: Date.now(), value }));
  } catch {
    // private windows refuse: the page still works, it only forgets
  }
}

/** Drop what is older than seven days, whoever it belongs to. */
export function dropOld() {
  each((key) => {
    const at = JSON.parse(localStorage.getItem(key) ?? "{}").at ?? 0;
    if (Date.now() - at >= LIFE_MS) localStorage.removeItem(key);
  });
}

/** Drop everything: at log-out no customer's words stay behind. */
export function forgetEverything() {
  each((key) => localStorage.removeItem(key));
}

function each(act) {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(PREFIX) && !key.startsWith(`${PREFIX}keys`)) act(key);
    }
  } catch {
    // no storage, nothing to drop
  }
}

/** Every kept value whose name begins with a prefix.
 * @param {string} prefix @returns {any[]} */
export function list(prefix) {
  const found = [];
  each((key) => key.startsWith(keyOf(prefix)) && found.push(read(key.slice(keyOf("").length))));
  return found.filter(Boolean);
}
