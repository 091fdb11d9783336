// Search as you type: a combobox over /geocode; arrows, Enter, Escape; "/" comes here from anywhere.

import { get, isAborted } from "./api.js";
import { has, t } from "./i18n.js";
import { debounce, el, icon } from "./text.js";

export class Search {
  /** @param {{choose: (result: object) => void}} options */
  constructor({ choose }) {
    this.input = document.getElementById("search-input");
    this.list = document.getElementById("search-results");
    this.clear = document.getElementById("search-clear");
    this.choose = choose;
    this.results = [];
    this.active = -1;
    this.request = null;
    const ask = debounce(() => this.#ask(), 180);
    this.input.addEventListener("input", () => {
      this.clear.hidden = this.input.value === "";
      ask();
    });
    this.input.addEventListener("keydown", (event) => this.#keys(event));
    this.input.addEventListener("focus", () => { if (this.results.length) this.#open(true); });
    this.clear.addEventListener("click", () => { this.#empty(); this.input.focus(); });
    document.addEventListener("pointerdown", (event) => {
      if (!event.target.closest(".search")) this.#open(false);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest("input, textarea, select")) return;
      event.preventDefault();
      this.input.focus();
    });
  }

  #empty() {
    this.request?.abort();
    this.input.value = "";
    this.clear.hidden = true;
    this.results = [];
    this.#open(false);
  }

  #open(open) {
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    if (!open) this.#mark(-1);
  }

  #mark(index) {
    this.active = index;
    [...this.list.querySelectorAll("[role=option]")].forEach((node, at) => {
      node.setAttribute("aria-selected", String(at === index));
      if (at === index) node.scrollIntoView({ block: "nearest" });
    });
    if (index < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `search-option-${index}`);
  }

  async #ask() {
    const q = this.input.value.trim();
    this.request?.abort();
    if (!q) {
      this.results = [];
      this.#open(false);
      return;
    }
    const request = new AbortController();
    this.request = request;
    try {
      const { results } = await get("geocode", { q }, { signal: request.signal });
      if (this.request === request) this.#show(results ?? [], q);
    } catch (error) {
      if (!isAborted(error) && this.request === request) this.#say(error.message);
    }
  }

  #say(text) {
    this.results = [];
    this.list.replaceChildren(el("li", { class: "search__none", attributes: { role: "status" } }, text));
    this.#open(true);
    this.#mark(-1);
  }

  #show(results, q) {
    if (results.length === 0) {
      this.#say(t("search.none", { q }));
      return;
    }
    this.results = results;
    this.list.replaceChildren(...results.map((result, index) => {
      const kind = has(`search.kind.${result.kind}`) ? t(`search.kind.${result.kind}`) : result.kind;
      return el("li", {
        class: "search__option",
        attributes: { role: "option", id: `search-option-${index}`, "aria-selected": "false" },
        on: { pointerdown: (event) => event.preventDefault(), click: () => this.#take(index) },
      }, icon({ school: "school", cell: "cell" }[result.kind] ?? "place"),
      el("span", { class: "search__text" }, el("span", {}, result.name), result.address && el("span", { class: "pick__detail" }, result.address)),
      el("span", { class: "search__kind" }, kind));
    }));
    this.#open(true);
    this.#mark(0);
  }

  #take(index) {
    const result = this.results[index];
    if (!result) return;
    this.input.value = result.name;
    this.clear.hidden = false;
    this.#open(false);
    this.choose(result);
  }

  #keys(event) {
    const last = this.results.length - 1;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (last < 0) return;
      event.preventDefault();
      this.#open(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.#mark((this.active + step + last + 1) % (last + 1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (last >= 0) this.#take(Math.max(0, this.active));
    } else if (event.key === "Escape") {
      if (this.list.hidden) this.#empty();
      else this.#open(false);
      event.stopPropagation();
    }
  }
}
