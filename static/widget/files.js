// Files in a bubble. Their links are good for minutes, so they are asked for when a message is shown.

/**
 * @param {HTMLElement} bubble
 * @param {any} row a message of the server
 * @param {(id: string) => Promise<Record<string, {url: string, thumbnail_url: string}>>} linksOf
 */
export async function showFiles(bubble, row, linksOf) {
  const list = /** @type {HTMLElement} */ (bubble.querySelector(".files"));
  const files = row.unsent_at ? [] : row.attachments.filter((/** @type {any} */ each) => each.state === "stored");
  const mark = files.map((/** @type {any} */ each) => each.id).join(" ");
  if (list.dataset.mark === mark) return;
  list.dataset.mark = mark;
  list.hidden = !files.length;
  list.replaceChildren();
  if (!files.length) return;
  const links = await linksOf(row.id);
  if (list.dataset.mark !== mark) return;
  for (const file of files) if (links[file.id]) list.append(newFile(file, links[file.id]));
}

/** @param {any} file @param {{url: string, thumbnail_url: string}} links */
function newFile(file, { url, thumbnail_url }) {
  const item = document.createElement("li");
  const family = file.mime.split("/")[0];
  if (family === "audio" || family === "video") {
    const player = Object.assign(document.createElement(family), { controls: true, preload: "none", src: url });
    player.setAttribute("aria-label", file.name);
    item.append(player);
    return item;
  }
  const link = Object.assign(document.createElement("a"), { href: url, target: "_blank", rel: "noopener" });
  if (thumbnail_url) {
    const scale = Math.min(1, 220 / Math.max(file.width, file.height));
    const size = { width: Math.round(file.width * scale) || 1, height: Math.round(file.height * scale) || 1 };
    link.append(Object.assign(document.createElement("img"), { src: thumbnail_url, alt: file.name, ...size }));
  } else link.textContent = file.name;
  item.append(link);
  return item;
}
