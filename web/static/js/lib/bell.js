// The bell: how many messages are unread, on every page; the list opens below it.

import { get, post } from "./api.js";
import { dateTime, t } from "./i18n.js";
import { el } from "./text.js";

const AGAIN_MS = 60_000;
const bell = document.getElementById("bell");
const number = document.getElementById("bell-number");
const list = document.getElementById("bell-list");

function show(unread) {
  number.textContent = unread > 99 ? "99+" : String(unread);
  number.hidden = !unread;
  bell.querySelector("summary").setAttribute("aria-label", t("bell.label", { n: unread }));
}

function row(one) {
  const link = el("a", { attributes: { href: one.link }, on: { click: () => { post("messages/read", { ids: [one.id] }).catch(() => {}); reopen(one.link); } } }, one.text, el("small", {}, dateTime(one.at)));
  return el("li", { class: one.read_at ? "bell__read" : "" }, link);
}

/** A link to another record of the page that is open changes only the part after #: then the page is to begin anew. */
function reopen(link) {
  if (new URL(link, window.location.href).pathname === window.location.pathname) setTimeout(() => window.location.reload(), 50);
}

async function look() {
  if (document.visibilityState !== "visible") return;
  try {
    show((await get("messages", { unread: true, limit: 1 })).unread);
  } catch {
    number.hidden = true; // signed out meanwhile, or no network: the page itself says so
  }
}

async function open() {
  list.replaceChildren(el("p", { class: "soft" }, t("state.loading")));
  try {
    const said = await get("messages", { limit: 30 });
    show(said.unread);
    const everything = el("button", { class: "text-button", attributes: { type: "button" }, on: { click: async () => { show((await post("messages/read", { everything: true })).unread); open(); } } }, t("bell.all_read"));
    list.replaceChildren(said.messages.length ? el("ul", {}, said.messages.map(row)) : el("p", { class: "soft" }, t("bell.none")), ...(said.unread ? [everything] : []));
  } catch (error) {
    list.replaceChildren(el("p", { class: "form-problem" }, error.message));
  }
}

if (bell) {
  bell.addEventListener("toggle", () => { if (bell.open) open(); });
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest("#bell")) bell.open = false; });
  bell.addEventListener("keydown", (event) => { if (event.key === "Escape") { bell.open = false; bell.querySelector("summary").focus(); } });
  document.addEventListener("visibilitychange", look);
  setInterval(look, AGAIN_MS);
  look();
}
