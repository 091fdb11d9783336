// Full screen: one slide at a time. Arrow keys, page keys and space step; what does not fit is stepped through first.

import { t } from "../lib/i18n.js";

const slides = () => [...document.querySelectorAll("[data-slide]:not([hidden])")];
let at = 0;

const presenting = () => document.body.classList.contains("presenting");

function show(next) {
  const all = slides();
  at = Math.max(0, Math.min(all.length - 1, next));
  for (const [place, slide] of all.entries()) slide.classList.toggle("is-shown", place === at);
  all[at].scrollTop = 0;
  const period = document.getElementById("period").textContent;
  document.getElementById("place").textContent = `${period} · ${t("meeting.place", { n: at + 1, of: all.length })}`;
}

/** Go on by what is shown of a long slide, then to the next one; back alike. */
export function step(by) {
  const slide = slides()[at];
  const room = by > 0 ? slide.scrollHeight - slide.clientHeight - slide.scrollTop : slide.scrollTop;
  if (room > 4) slide.scrollBy({ top: by * slide.clientHeight * 0.85, behavior: "auto" });
  else show(at + by);
}

export function present() {
  document.body.classList.add("presenting");
  document.documentElement.requestFullscreen?.().catch(() => {}); // not allowed everywhere: the slides show all the same
  show(0);
}

export function leave() {
  document.body.classList.remove("presenting");
  if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
}

const STEPS = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 };

export function listen() {
  document.addEventListener("keydown", (event) => {
    if (!presenting() || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") leave();
    else if (event.key === "Home") show(0);
    else if (event.key === "End") show(slides().length - 1);
    else if (event.key in STEPS) step(STEPS[event.key]);
    else return;
    event.preventDefault();
  });
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement) leave();
  });
}
