// The side panel: a column on a wide screen, a sheet from the bottom on a phone.

import { t } from "./i18n.js";
import { el, icon } from "./text.js";

const HEIGHTS = ["peek", "half", "full"];

export class Panel {
  constructor({ back }) {
    this.node = document.getElementById("panel");
    this.body = document.getElementById("panel-body");
    this.grip = document.getElementById("panel-grip");
    this.back = back;
    this.#listen();
  }

  #listen() {
    let startY = null;
    let moved = false;
    this.grip.addEventListener("click", () => {
      if (moved) return;
      this.setHeight(this.node.dataset.height === "peek" ? "half" : "peek");
    });
    this.grip.addEventListener("pointerdown", (event) => {
      startY = event.clientY;
      moved = false;
      this.grip.setPointerCapture(event.pointerId);
    });
    this.grip.addEventListener("pointerup", (event) => {
      if (startY === null) return;
      const way = event.clientY - startY;
      startY = null;
      if (Math.abs(way) < 24) return;
      moved = true;
      setTimeout(() => { moved = false; }, 0);
      const at = HEIGHTS.indexOf(this.node.dataset.height);
      this.setHeight(HEIGHTS[Math.max(0, Math.min(2, at + (way < 0 ? 1 : -1)))]);
    });
    this.node.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.kind !== "overview") this.back();
    });
  }

  setHeight(height) {
    this.node.dataset.height = height;
    this.grip.setAttribute("aria-expanded", String(height !== "peek"));
  }

  /** Show nodes under a title with a way back; `focus` moves the keyboard there. */
  show(kind, nodes, { title = null, lead = null, focus = false } = {}) {
    const changed = this.kind !== kind;
    this.kind = kind;
    this.node.dataset.kind = kind;
    this.node.parentElement.dataset.panel = kind;
    const head = [];
    let heading = null;
    if (title !== null) {
      heading = el("h2", { class: "panel__title", attributes: { tabindex: "-1" } }, title);
      head.push(el("div", { class: "panel__head" },
        el("button", { class: "icon-button", attributes: { type: "button", "aria-label": t("panel.back") }, on: { click: () => this.back() } }, icon("back")),
        el("div", { class: "panel__heading" }, lead, heading)));
    }
    this.body.replaceChildren(...head, ...nodes);
    if (changed || title !== null) this.body.scrollTop = 0;
    if (focus && heading) heading.focus({ preventScroll: true });
    if (kind !== "overview" && this.node.dataset.height === "peek") this.setHeight("half");
  }
}

/** A tag such as "made up" or a status. */
export function tag(text, kind = "") {
  return el("span", { class: kind ? `tag tag--${kind}` : "tag" }, text);
}

/** Names and values as a list; empty values are left out. */
export function facts(rows) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
  return el("dl", { class: "facts" }, shown.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

export function block(title, ...children) {
  return el("section", { class: "block" }, el("h3", {}, title), children);
}

/** Bad news in words, with a way to try again. */
export function failure(error, again) {
  return el("div", { class: "state state--error", attributes: { role: "alert" } },
    icon("warning"),
    el("p", {}, error.message),
    again && el("button", { class: "button", attributes: { type: "button" }, on: { click: again } }, t("state.again")));
}

export function waiting() {
  return el("p", { class: "state state--loading" }, t("state.loading"));
}
