// Category chips with counts, and the status. Nothing chosen means everything is shown.

import { count, label, t } from "./i18n.js";
import { badge } from "./symbols.js";
import { el } from "./text.js";

export class Filters {
  /** @param {object} options palette; statuses (vocabulary); chosen (codes); status; changed(kind) */
  constructor({ palette, statuses, chosen, status, changed }) {
    this.palette = palette;
    this.changed = changed;
    this.chosen = new Set(chosen.filter((code) => palette.byCode.has(code)));
    this.status = status ?? "open";
    this.list = document.getElementById("filter-chips");
    this.select = document.getElementById("filter-status");
    this.reset = document.getElementById("filter-reset");
    this.values = new Map();
    this.chips = new Map();
    this.#statuses(statuses ?? []);
    this.list.replaceChildren(...palette.list.map((look) => this.#chip(look)));
    this.reset.addEventListener("click", () => this.setChosen([]));
    this.#mark();
  }

  #statuses(entries) {
    const options = entries.map((entry) => [entry.code ?? entry, label(entry)]);
    if (!options.some(([code]) => code === "open")) options.unshift(["open", t("status.open")]);
    options.push(["all", t("filters.all_statuses")]);
    if (!options.some(([code]) => code === this.status)) this.status = "open";
    this.select.replaceChildren(...options.map(([code, words]) => el("option", { attributes: { value: code, selected: code === this.status } }, words)));
    this.select.addEventListener("change", () => {
      this.status = this.select.value;
      this.changed("status");
    });
  }

  #chip(look) {
    const value = el("span", { class: "chip__count" }, "–");
    this.values.set(look.code, value);
    const button = el("button", {
      class: "chip",
      attributes: { type: "button", "aria-pressed": "false", title: look.name },
      on: { click: () => {
        if (this.chosen.has(look.code)) this.chosen.delete(look.code);
        else this.chosen.add(look.code);
        this.#mark();
        this.changed("categories");
      } },
    }, badge(look), el("span", { class: "chip__name" }, look.name), value);
    this.chips.set(look.code, button);
    return el("li", {}, button);
  }

  setChosen(codes) {
    this.chosen = new Set(codes.filter((code) => this.palette.byCode.has(code)));
    this.#mark();
    this.changed("categories");
  }

  #mark() {
    for (const [code, button] of this.chips) button.setAttribute("aria-pressed", String(this.chosen.has(code)));
    this.list.dataset.some = String(this.chosen.size > 0);
    this.reset.hidden = this.chosen.size === 0;
  }

  shows(code) {
    return this.chosen.size === 0 || this.chosen.has(code);
  }

  /** Write the counts of what is in view; `more` says that not everything was loaded. */
  setCounts(counts, { more = false } = {}) {
    for (const [code, node] of this.values) {
      const n = counts.get(code) ?? 0;
      const text = `${count(n)}${more && n > 0 ? "+" : ""}`;
      if (node.textContent !== text) node.textContent = text;
      this.chips.get(code).classList.toggle("chip--none", n === 0);
    }
  }
}
