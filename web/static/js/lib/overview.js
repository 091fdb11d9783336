// The panel when nothing is selected: what is in view, as two lists that work without the map.

import { count, nameOf, pageConfig, t } from "./i18n.js";
import { hazardPick, schoolPick } from "./details.js";
import { failure, waiting } from "./panel.js";
import { boxesMeet } from "./geometry.js";
import { el } from "./text.js";

const FIRST = 40; // rows at once

export class Overview {
  constructor({ scene, words, select, home, again }) {
    Object.assign(this, { scene, words, select, home, again });
    this.tab = "schools";
    this.more = 1;
    this.signature = "";
  }

  /** Forget the last rendering. */
  reset() {
    this.signature = "";
    this.more = 1;
  }

  #inView(features, box) {
    return features.filter((one) => boxesMeet(one.box, box));
  }

  /** The nodes, or null when nothing would change. */
  render(box) {
    const { sources } = this.scene;
    const schools = this.#inView(sources.schools.features, box);
    schools.sort((a, b) => (b.properties.open_hazards ?? 0) - (a.properties.open_hazards ?? 0) || nameOf(a.properties).localeCompare(nameOf(b.properties)));
    const hazards = this.#inView(this.scene.shownHazards, box);
    hazards.sort((a, b) => (b.properties.severity ?? 0) - (a.properties.severity ?? 0) || String(b.properties.observed_at).localeCompare(String(a.properties.observed_at)));
    const source = sources[this.tab];
    const rows = this.tab === "schools" ? schools : hazards;
    const shown = rows.slice(0, FIRST * this.more);
    const signature = JSON.stringify([this.tab, source.state, schools.length, hazards.length, shown.map((one) => one.id)]);
    if (signature === this.signature) return null;
    this.signature = signature;
    if (pageConfig.bounds === null && sources.schools.state === "ready" && sources.schools.features.length === 0) return [howToImport()];
    return [this.#tabs(schools.length, hazards.length), this.#list(source, rows, shown)];
  }

  #tabs(schools, hazards) {
    const tab = (name, n) => el("button", {
      class: "tab",
      attributes: { type: "button", role: "tab", id: `tab-${name}`, "aria-selected": String(this.tab === name), "aria-controls": "overview-list", tabindex: this.tab === name ? "0" : "-1" },
      on: { click: () => this.#open(name), keydown: (event) => this.#keys(event) },
    }, t(`overview.${name}`), el("span", { class: "tab__count" }, count(n)));
    return el("div", { class: "tabs", attributes: { role: "tablist", "aria-label": t("overview.title") } }, tab("schools", schools), tab("hazards", hazards));
  }

  #open(name, focus = false) {
    this.tab = name;
    this.reset();
    this.again();
    if (focus) document.getElementById(`tab-${name}`)?.focus();
  }

  #keys(event) {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    this.#open(this.tab === "schools" ? "hazards" : "schools", true);
  }

  #list(source, rows, shown) {
    const holder = el("div", { attributes: { id: "overview-list", role: "tabpanel", "aria-labelledby": `tab-${this.tab}` } });
    if (source.state === "error") {
      holder.append(failure(source.error, () => { source.forget(); this.again(true); }));
    } else if (rows.length === 0 && (source.state === "loading" || source.state === "idle")) {
      holder.append(waiting());
    } else if (rows.length === 0) {
      holder.append(el("div", { class: "state" },
        el("p", {}, t(source.state === "far" ? "overview.far" : `overview.no_${this.tab}`)),
        pageConfig.bounds && el("button", { class: "button", attributes: { type: "button" }, on: { click: this.home } }, t("tools.home"))));
    } else {
      const options = { palette: this.scene.palette, words: this.words(), select: this.select };
      const make = this.tab === "schools" ? schoolPick : hazardPick;
      holder.append(el("ul", { class: "picks" }, shown.map((one) => make(one, options))));
      if (rows.length > shown.length) {
        holder.append(el("button", { class: "button button--more", attributes: { type: "button" }, on: { click: () => { this.more += 1; this.signature = ""; this.again(); } } },
          t("overview.more", { n: count(rows.length - shown.length) })));
      }
    }
    return holder;
  }
}

function howToImport() {
  const commands = ["campus import osm city.osm.pbf", "campus import schools schools.geojson --crs wgs84", "campus import hazards hazards.xlsx --crs gcj02", "campus grid build"];
  return el("div", { class: "state state--import" },
    el("h2", {}, t("import.title")),
    el("p", {}, t("import.explain")),
    el("ol", {}, commands.map((command, index) => el("li", {}, t(`import.step.${index + 1}`), el("code", {}, command)))),
    el("p", { class: "quiet" }, t("import.demo"), " ", el("code", {}, "campus demo")));
}
