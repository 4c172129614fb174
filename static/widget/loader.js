// The button on the shop's page. Until somebody opens the chat it makes no request, frame, cookie or storage.
// Attributes of the script tag: data-site (key), data-language, data-color; who is logged in there:
// data-identity (a signed token), or data-user (id) and data-user-hash.
(() => {
  const script = document.currentScript;
  const site = script && script.dataset.site;
  const mark = Symbol.for("kontor.widget");
  if (!site || window[mark]) return;
  window[mark] = 1;
  const origin = new URL(script.src).origin;
  const data = script.dataset;
  const language = data.language || document.documentElement.lang || navigator.language || "";
  const color = /^#[0-9a-f]{6}$/i.test(data.color || "") ? data.color : "#1f5f5b";
  const words = {
    "zh-hant": ["開啟線上客服", "則未讀訊息"], "zh-hans": ["打开在线客服", "条未读消息"],
    ja: ["チャットを開く", "件の未読メッセージ"], en: ["Open chat", "unread messages"],
  };
  const tag = language.toLowerCase();
  const key = /^zh/.test(tag) ? (/hant|tw|hk|mo/.test(tag) ? "zh-hant" : "zh-hans") : /^ja/.test(tag) ? "ja" : "en";
  const [openLabel, unreadLabel] = words[key];

  // Black on a light colour, white on a dark one: the higher contrast by relative luminance.
  const linear = (part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const [red, green, blue] = [1, 3, 5].map((at) => linear(parseInt(color.slice(at, at + 2), 16) / 255));
  const ink = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";

  const store = (area, name, value) => {
    try {
      const full = "kontor:" + site + ":" + name;
      if (value === undefined) return window[area].getItem(full) || "";
      window[area].setItem(full, value);
    } catch {
      // storage refused: the conversation lasts as long as this page
    }
    return "";
  };

  const make = (name, attributes, parent, space = "1999/xhtml") => {
    const element = document.createElementNS("http://www.w3.org/" + space, name);
    for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
    parent.append(element);
    return element;
  };

  const start = () => {
    const host = make("div", {}, document.body);
    const root = host.attachShadow({ mode: "closed" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
:host{all:initial}
button{position:fixed;right:20px;bottom:20px;width:60px;height:60px;border:0;border-radius:50%;padding:0;cursor:pointer;z-index:2147483646;background:${color};color:${ink};box-shadow:0 4px 16px #0004}
button:focus-visible{outline:3px solid ${color};outline-offset:3px}
svg{width:30px;fill:none;stroke:currentColor;stroke-width:1.9;stroke-linejoin:round}
b{position:absolute;top:-4px;right:-4px;min-width:22px;height:22px;border-radius:11px;background:#c8102e;color:#fff;font:600 13px/22px system-ui,sans-serif;text-align:center}
[hidden]{display:none!important}
iframe{position:fixed;right:20px;bottom:92px;width:384px;height:min(640px,100dvh - 112px);border:0;border-radius:16px;z-index:2147483647;box-shadow:0 12px 48px #0005}
@media(max-width:480px){iframe{inset:0;width:100%;height:100dvh;border-radius:0}}`);
    root.adoptedStyleSheets = [sheet];
    const button = make("button", { type: "button", "aria-expanded": "false" }, root);
    const icon = make("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, button, "2000/svg");
    make("path", { d: "M4 5h16v11H10l-5 4v-4H4zM8 9h8M8 12h5" }, icon, "2000/svg");
    const badge = make("b", { "aria-hidden": "true", hidden: "" }, button);
    let token = store("localStorage", "token");
    let frame = null, port = null, open = false;

    const count = (unread) => {
      badge.hidden = !unread;
      badge.textContent = unread > 99 ? "99+" : String(unread);
      button.setAttribute("aria-label", openLabel + (unread ? ` (${unread} ${unreadLabel})` : ""));
    };
    const heard = ({ data: said }) => {
      if (said.type === "token") store("localStorage", "token", (token = said.token));
      else if (said.type === "outbox") store("sessionStorage", "outbox", said.outbox);
      else if (said.type === "unread") count(open ? 0 : said.count);
      else if (said.type === "close") show(false);
    };
    const mount = () => {
      frame = make("iframe", { src: `${origin}/widget/frame/?${new URLSearchParams({ site, language })}`, title: openLabel, hidden: "" }, root);
      frame.addEventListener("load", () => {
        const channel = new MessageChannel();
        port = channel.port1;
        port.onmessage = heard;
        const page = { url: location.href.split("#")[0], title: document.title, referrer: document.referrer, language };
        const outbox = store("sessionStorage", "outbox");
        frame.contentWindow.postMessage({ type: "kontor", token, outbox, page, identity: { token: data.identity, id: data.user, hash: data.userHash }, color: data.color && color, ink, open }, origin, [channel.port2]);
      });
    };
    const show = (wanted) => {
      open = wanted;
      if (open && !frame) mount();
      frame.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
      if (port) port.postMessage({ type: open ? "opened" : "closed" });
      if (open) count(0), frame.focus();
      else button.focus();
    };
    count(0);
    button.addEventListener("click", () => show(!open));
    root.addEventListener("keydown", (event) => { if (open && event.key === "Escape") show(false); });
    if (token || data.identity || data.user) (window.requestIdleCallback || setTimeout)(() => frame || mount());
  };
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start, { once: true });
})();
