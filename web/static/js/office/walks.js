// Who walks which cell, painted on the map; and when somebody was last there.

import { GeoJSON, Map as LeafletMap, canvas } from "../lib/leaflet.js";
import { change, get, getFeatures, upload } from "../lib/api.js";
import { count, dateTime, nameOf, pageConfig, t } from "../lib/i18n.js";
import { el } from "../lib/text.js";
import { fillTable, say } from "../lib/table.js";

const byId = (id) => document.getElementById(id);
const WEEK_MS = 7 * 86_400_000;
const PAGES = 20;
const NAMES_FROM = 14;
const SHOWN = 20;

export class Walks {
  /** @param {object} options attempt(work), done (the line that says what was done) */
  constructor(options) {
    Object.assign(this, options);
    this.chosen = new Set();
    this.cells = new Map();
    this.before = [];
    this.painting = null;
  }

  async open() {
    if (this.map) {
      this.map.invalidateSize();
      return;
    }
    this.map = new LeafletMap(byId("walks-map"), { attributionControl: false, preferCanvas: true, renderer: canvas({ tolerance: 2 }), zoomSnap: 0.5, boxZoom: false });
    this.layer = new GeoJSON(null, { style: (feature) => this.#style(feature), onEachFeature: (feature, layer) => this.#listen(feature, layer) }).addTo(this.map);
    this.map.createPane("campuses").style.pointerEvents = "none";
    this.campuses = new GeoJSON(null, {
      pane: "campuses", interactive: false, style: () => ({ color: "#12344d", weight: 1.5, fillColor: "#12344d", fillOpacity: 0.25 }),
      onEachFeature: ({ properties }, layer) => layer.bindTooltip(el("span", {}, nameOf(properties)), { permanent: true, direction: "center", className: "walks-name" }),
    }).addTo(this.map);
    this.map.on("zoomend", () => byId("walks-map").classList.toggle("far", this.map.getZoom() < NAMES_FROM));
    this.map.on("mouseup", () => this.#lift());
    document.addEventListener("mouseup", () => this.#lift());
    const { people } = await get("people");
    const walkers = people.filter((one) => one.roles.includes("inspector") && !one.disabled);
    byId("walks-person").replaceChildren(...walkers.map((one) => el("option", { attributes: { value: one.id } }, one.display_name || one.name)));
    byId("walks-city").replaceChildren(...(pageConfig.cities ?? []).map((one) => el("option", { attributes: { value: one.code } }, one.name)));
    byId("walks-person").addEventListener("change", () => this.attempt(() => this.#loading(() => this.#person())));
    byId("walks-city").addEventListener("change", () => this.attempt(() => this.#loading(() => this.#city())));
    byId("walks-township").addEventListener("change", () => this.#township());
    byId("walks-add").addEventListener("click", () => this.#codes());
    byId("walks-file").addEventListener("change", (event) => {
      const [file] = event.target.files;
      event.target.value = "";
      if (file) this.attempt(() => this.#loading(() => this.#read(file)));
    });
    byId("walks-read-save").addEventListener("click", () => this.attempt(() => this.#loading(() => this.#byFile())));
    byId("walks-read-away").addEventListener("click", () => { byId("walks-read").hidden = true; });
    byId("walks-save").addEventListener("click", () => this.attempt(() => this.#loading(() => this.#save())));
    await this.#loading(() => this.#city());
  }

  /** Nothing can be painted while somebody's cells are on their way: they would wipe it out again. */
  async #loading(work) {
    const focus = document.activeElement;
    byId("walks-tools").disabled = true;
    byId("walks-map").inert = true;
    try {
      await work();
    } finally {
      byId("walks-tools").disabled = false;
      byId("walks-map").inert = false;
      focus?.focus();
    }
  }

  async #city() {
    const code = byId("walks-city").value;
    const city = pageConfig.cities.find((one) => one.code === code);
    const bbox = city?.bounds?.join(",");
    const [cells, schools, coverage] = await Promise.all([
      getFeatures("cells", { bbox, limit: 1000 }, { pages: PAGES }), getFeatures("schools", { bbox, limit: 1000 }, { pages: PAGES }), get("coverage", { city: code }),
    ]);
    this.coverage = coverage.cells;
    this.townshipOf = new Map(schools.features.map((one) => [one.id, one.properties.district_name]));
    this.cells = new Map(cells.features.map((one) => [one.properties.code, one]));
    const townships = [...new Set(this.townshipOf.values())].filter(Boolean).sort();
    byId("walks-township").replaceChildren(el("option", { attributes: { value: "" } }, t("walks.choose")), ...townships.map((name) => el("option", { attributes: { value: name } }, name)));
    this.layer.clearLayers();
    this.campuses.clearLayers();
    this.campuses.addData(schools);
    this.layer.addData(cells);
    if (this.layer.getBounds().isValid()) this.map.fitBounds(this.layer.getBounds(), { animate: false });
    await this.#person();
  }

  async #person() {
    const id = byId("walks-person").value;
    const { cells, version } = id ? await get(`people/${id}/cells`) : { cells: [] };
    this.version = version;
    this.before = cells;
    this.chosen = new Set(cells);
    const own = [...this.chosen].filter((code) => this.cells.has(code));
    this.#redraw();
    if (own.length) {
      const bounds = this.layer.getLayers().filter((one) => this.chosen.has(one.feature.properties.code)).map((one) => one.getBounds());
      this.map.fitBounds(bounds.reduce((all, one) => all.extend(one), bounds[0].pad(0)), { animate: false, maxZoom: 15 });
    }
  }

  #style({ properties }) {
    const known = this.coverage?.[properties.code];
    const own = this.chosen.has(properties.code);
    const others = (known?.inspectors ?? []).some((one) => one.id !== byId("walks-person").value);
    const last = known?.last_at ? Date.now() - Date.parse(known.last_at) : null;
    return {
      fillColor: own ? "#1b5e9e" : others ? "#9b7fb5" : "#ffffff", fillOpacity: own ? 0.55 : others ? 0.4 : 0.35,
      color: last === null ? "#8b98a3" : last <= WEEK_MS ? "#1f6b41" : "#c2410c", weight: last === null ? 0.75 : 2.5,
    };
  }

  #listen(feature, layer) {
    const { code } = feature.properties;
    layer.on("mousedown", (event) => {
      if (event.originalEvent.button !== 0) return;
      this.painting = this.chosen.has(code) ? "away" : "on";
      this.map.dragging.disable();
      this.#paint(code, layer);
    });
    layer.on("mouseover", () => {
      if (this.painting) this.#paint(code, layer);
      else this.#tell(code);
    });
  }

  #lift() {
    if (!this.painting) return;
    this.painting = null;
    this.map.dragging.enable();
  }

  #paint(code, layer) {
    if (this.painting === "on") this.chosen.add(code);
    else this.chosen.delete(code);
    layer.setStyle(this.#style(layer.feature));
    this.#sum();
  }

  #tell(code) {
    const known = this.coverage[code];
    const who = (known?.inspectors ?? []).map((one) => one.name).join(t("list.comma"));
    byId("walks-map").title = [code, who, known?.last_at ? t("walks.last", { time: dateTime(known.last_at) }) : t("walks.never")].filter(Boolean).join(" · ");
  }

  #township() {
    const name = byId("walks-township").value;
    if (!name) return;
    for (const [code, cell] of this.cells) {
      if (cell.properties.schools.some((school) => this.townshipOf.get(school.uuid) === name)) this.chosen.add(code);
    }
    byId("walks-township").value = "";
    this.#redraw();
  }

  #codes() {
    const given = byId("walks-codes").value.split(/[\s,;，；]+/).filter(Boolean);
    const unknown = given.filter((code) => !this.cells.has(code));
    for (const code of given) if (this.cells.has(code)) this.chosen.add(code);
    byId("walks-codes").value = unknown.join(" ");
    this.#redraw();
    if (unknown.length) say(byId("problem"), t("walks.unknown", { codes: unknown.slice(0, 5).join(t("list.comma")) }));
    else say(byId("problem"));
  }

  /** Show what a file says: of several people by name, to be looked at before it holds; of nobody, for whoever is chosen. */
  async #read(file) {
    const said = await this.#send(file, "no");
    for (const code of said.cells) if (this.cells.has(code)) this.chosen.add(code);
    this.file = file;
    const bad = said.problems.slice(0, SHOWN).map((one) => el("li", {}, t("walks.row", { n: one.row, what: one.what })));
    if (said.problems.length > SHOWN) bad.push(el("li", {}, t("walks.more_rows", { n: count(said.problems.length - SHOWN) })));
    byId("walks-read").hidden = !said.people.length && !bad.length;
    byId("walks-read-title").textContent = t("walks.read", { file: file.name, rows: count(said.rows), n: count(said.people.length), bad: count(said.problems.length) });
    byId("walks-read-people").replaceChildren(...said.people.map((one) => el("li", {}, t("walks.read_one", { name: one.name, n: count(one.cells.length) }))));
    byId("walks-read-bad").replaceChildren(...bad);
    byId("walks-read-save").hidden = !said.people.length || said.problems.length > 0 || said.cells.length > 0;
    this.#redraw();
    say(byId("problem"));
  }

  async #byFile() {
    const said = await this.#send(this.file, "yes");
    byId("walks-read").hidden = true;
    this.coverage = (await get("coverage", { city: byId("walks-city").value })).cells;
    await this.#person();
    say(this.done, t("walks.by_file_done", { n: count(said.people.length) }));
  }

  #send(file, save) {
    const form = new FormData();
    form.set("save", save);
    form.set("file", file);
    return upload("cells/assignments", form);
  }

  /** The week by inspector: how many of their cells were walked, and where nobody has been for longest. */
  #week() {
    const of = new Map();
    for (const [code, { inspectors, last_at }] of Object.entries(this.coverage)) {
      for (const { id, name } of inspectors) {
        const one = of.get(id) ?? { name, cells: 0, walked: 0, never: 0, oldest: null };
        one.cells += 1;
        if (!last_at) one.never += 1;
        else {
          if (Date.now() - Date.parse(last_at) <= WEEK_MS) one.walked += 1;
          if (!one.oldest || last_at < one.oldest.last_at) one.oldest = { code, last_at };
        }
        of.set(id, one);
      }
    }
    const rows = [...of.values()].sort((a, b) => a.walked / a.cells - b.walked / b.cells);
    fillTable(byId("walks-week"), [t("walks.person"), t("walks.week"), t("walks.never_count"), t("walks.oldest")], rows.map((one) => [
      one.name, t("walks.of", { n: count(one.walked), all: count(one.cells) }), count(one.never), one.oldest ? `${one.oldest.code} · ${dateTime(one.oldest.last_at)}` : "",
    ]));
    byId("walks-week").hidden = rows.length === 0;
  }

  #redraw() {
    this.#week();
    this.layer.eachLayer((layer) => layer.setStyle(this.#style(layer.feature)));
    this.#sum();
  }

  #sum() {
    const codes = [...this.chosen];
    const walked = codes.filter((code) => this.coverage[code]?.last_at && Date.now() - Date.parse(this.coverage[code].last_at) <= WEEK_MS).length;
    const changed = codes.filter((code) => !this.before.includes(code)).length + this.before.filter((code) => !this.chosen.has(code)).length;
    byId("walks-summary").textContent = [t("walks.sum", { n: count(codes.length), walked: count(walked) }), changed ? t("walks.unsaved", { n: count(changed) }) : ""].filter(Boolean).join(" · ");
  }

  async #save() {
    const id = byId("walks-person").value;
    const match = { headers: { "If-Match": `"${this.version}"` } };
    const { cells, version } = await change("PUT", `people/${id}/cells`, { cells: [...this.chosen] }, match);
    this.version = version;
    this.before = cells;
    this.coverage = (await get("coverage", { city: byId("walks-city").value })).cells;
    this.#redraw();
    say(this.done, t("walks.saved", { n: count(cells.length) }));
  }
}
