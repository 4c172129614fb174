// What a desk page shows, as plain lines: the same state gives the same lines, however the page came to show it.
() => {
  const SKIPPED = "[hidden], [data-field=presence], [data-divider=unread], #presence, .sr, template, svg";
  const VOLATILE = /^(hx-|aria-current$|href$|title$|style$|lang$|open$|data-(read|newest|sequence|client)$)/;
  const instant = (value) => (/^\d{4}-\d\d-\d\dT/.test(value) ? String(Date.parse(value)) : value);

  const attributes = (element) => [...element.attributes]
    .filter(({ name }) => !VOLATILE.test(name) && name !== "class" && !(name === "disabled"))
    .map(({ name, value }) => `${name}=${instant(value.trim())}`).sort();

  function lines(node, depth) {
    if (node.nodeType === Node.TEXT_NODE) return node.textContent.trim() ? ["  ".repeat(depth) + node.textContent.trim().replace(/\s+/g, " ")] : [];
    if (node.nodeType !== Node.ELEMENT_NODE) return [];
    if (node.matches("svg")) return ["  ".repeat(depth) + `svg ${node.dataset.priority ?? ""} ${node.querySelector("use")?.getAttribute("href")}`];
    if (node.matches(SKIPPED)) return [];
    const classes = node.matches("time.wait") ? "" : [...node.classList].filter((name) => !name.startsWith("htmx")).sort().join(".");
    const head = "  ".repeat(depth) + [node.localName, classes, ...attributes(node)].filter(Boolean).join(" ");
    const inside = node.matches("time.wait") ? [] : [...node.childNodes].flatMap((child) => lines(child, depth + 1));
    return [head, ...inside];
  }
  const parts = [".tabs", "#rows", ".thread-head", "#messages", "#composer"];
  return parts.flatMap((part) => [part, ...lines(document.querySelector(part), 1)]);
}
