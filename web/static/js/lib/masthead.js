// The header on every page.

import { csrfHeader } from "./api.js";
import "./bell.js";

/** The link to the other language keeps what is on the screen: a redirect carries the fragment on. */
export function keepHash() {
  for (const link of document.querySelectorAll("a[data-keep-hash]")) {
    link.addEventListener("click", () => { link.hash = window.location.hash; });
  }
}

/** On a wide screen the menu is always open; on a phone it closes when something else is touched. */
export function menu() {
  const node = document.querySelector(".masthead__menu");
  if (!node) return;
  const wide = window.matchMedia("(min-width: 76rem)");
  const fit = () => { node.open = wide.matches; };
  fit();
  wide.addEventListener("change", fit);
  document.addEventListener("pointerdown", (event) => {
    if (!wide.matches && !event.target.closest(".masthead__menu")) node.open = false;
  });
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || wide.matches || !node.open) return;
    node.open = false;
    node.querySelector("summary").focus();
  });
}

function signOut() {
  document.getElementById("sign-out")?.addEventListener("click", async () => {
    await fetch("/api/v1/session", { method: "DELETE", credentials: "same-origin", headers: csrfHeader() });
    window.location.assign("/");
  });
}

menu();
signOut();
