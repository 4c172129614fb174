// The chat on a page of its own: does for the frame what the loader does on a shop's page.

const frame = /** @type {HTMLIFrameElement} */ (document.getElementById("chat"));
const { site = "", language = "" } = frame.dataset;
const nameOf = (/** @type {string} */ name) => `kontor:${site}:${name}`;

/** @param {"localStorage" | "sessionStorage"} area @param {string} name @param {string} [value] */
function store(area, name, value) {
  try {
    if (value === undefined) return window[area].getItem(nameOf(name)) || "";
    window[area].setItem(nameOf(name), value);
  } catch {
    // storage refused: the conversation lasts as long as this page
  }
  return "";
}

const title = document.title;
frame.addEventListener("load", () => {
  const channel = new MessageChannel();
  channel.port1.onmessage = ({ data: said }) => {
    if (said.type === "token") store("localStorage", "token", said.token);
    else if (said.type === "outbox") store("sessionStorage", "outbox", said.outbox);
    else if (said.type === "unread") document.title = said.count ? `(${said.count}) ${title}` : title;
  };
  const page = { url: location.href.split("#")[0], title: document.title, referrer: document.referrer, language };
  const greeting = {
    type: "kontor", token: store("localStorage", "token"), outbox: store("sessionStorage", "outbox"), page, open: true, alone: true,
  };
  frame.contentWindow?.postMessage(greeting, location.origin, [channel.port2]);
});
frame.src = `/widget/frame/?${new URLSearchParams({ site, language, alone: "" })}`;
