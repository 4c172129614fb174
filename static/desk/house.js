/** What every signed-in page does: leave nothing behind at log-out, close menus, switch availability. */

import { post } from "./api.js";
import { forgetEverything } from "./store.js";

document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-forget]")) forgetEverything();
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

document.querySelector("[data-availability]")?.addEventListener("click", async (event) => {
  const button = event.currentTarget;
  const wish = button.dataset.availability === "away" ? "online" : "away";
  const answer = await post(button.dataset.url, { availability: wish });
  button.dataset.availability = answer.availability;
  button.setAttribute("aria-pressed", String(answer.availability === "away"));
});
