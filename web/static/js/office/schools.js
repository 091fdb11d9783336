// Schools as the office keeps them: found, added, drawn, with gates, perimeter and timetable.

import { change, get, getFeatures, post } from "../lib/api.js";
import { label, nameOf, pageConfig, t } from "../lib/i18n.js";
import { fillTable, say } from "../lib/table.js";
import { el } from "../lib/text.js";
import { Grounds } from "./grounds.js";

const byId = (id) => document.getElementById(id);
const DAYS = [1, 2, 3, 4, 5, 6, 7];
const PAGES = 20;
const MOST_SHOWN = 200;
const PLAIN = ["name", "name_en", "address", "opened_on", "closed_on"];

export class Schools {
  /** @param {object} options attempt(work), done */
  constructor(options) {
    Object.assign(this, options);
    this.all = []; // who types before the list has come finds nothing yet
    this.changed = new Set();
  }

  async open() {
    if (this.words) {
      this.grounds.map?.invalidateSize();
      return;
    }
    this.words = await get("vocabulary");
    this.lists = (await get("checklists")).checklists;
    this.grounds = new Grounds(byId("school-map"), (what) => this.#touch(what));
    byId("school-stages").replaceChildren(...this.words.stages.map((one) => el("label", { class: "check" }, el("input", { attributes: { type: "checkbox", name: "stage", value: one.code } }), el("span", {}, label(one)))));
    byId("schools-city").replaceChildren(...(pageConfig.cities ?? []).map((one) => el("option", { attributes: { value: one.code } }, nameOf(one))));
    byId("schools-city").addEventListener("change", () => this.attempt(() => this.#list()));
    byId("schools-find").addEventListener("input", () => this.#show());
    byId("schools-add").addEventListener("click", () => this.attempt(() => this.#new()));
    byId("school-form").addEventListener("input", (event) => event.target.id !== "school-place" && this.#touch(event.target.closest("[data-part]")?.dataset.part ?? "plain"));
    byId("school-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.attempt(() => this.#save());
    });
    byId("school-draw").addEventListener("click", () => this.#tool("grounds"));
    byId("school-edit").addEventListener("click", () => this.#tool("edit"));
    byId("school-gate").addEventListener("click", () => this.#tool("gate"));
    byId("school-go").addEventListener("click", () => this.attempt(() => this.#go()));
    byId("school-place").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // it looks for a place, and saves nothing
      this.attempt(() => this.#go());
    });
    byId("school-times-add").addEventListener("click", () => {
      this.times.push({ grades: "", days: {} });
      this.#timetable();
    });
    byId("school-remove").addEventListener("click", () => this.attempt(() => this.#remove()));
    await this.#list();
  }

  #tool(wants) {
    this.grounds.begin(wants);
    for (const [id, name] of [["school-draw", "grounds"], ["school-edit", "edit"], ["school-gate", "gate"]]) byId(id).setAttribute("aria-pressed", String(this.grounds.wants === name));
    byId("school-hint").textContent = this.grounds.wants ? t(`schools.hint.${wants}`) : "";
  }

  async #list() {
    const city = (pageConfig.cities ?? []).find((one) => one.code === byId("schools-city").value);
    this.bounds = city?.bounds ?? pageConfig.bounds;
    const { features } = await getFeatures("schools", { bbox: city?.bounds?.join(","), limit: 1000 }, { pages: PAGES });
    this.all = features.sort((a, b) => nameOf(a.properties).localeCompare(nameOf(b.properties)));
    this.#show();
  }

  #show() {
    const wanted = byId("schools-find").value.trim().toLowerCase();
    const found = this.all.filter(({ properties: p }) => !wanted || [p.name, p.name_en, p.address, p.district_name].some((text) => text?.toLowerCase().includes(wanted)));
    byId("schools-list").replaceChildren(
      ...found.slice(0, MOST_SHOWN).map((one) => el("li", {}, el("button", { class: "pick", attributes: { type: "button", "aria-pressed": one.id === this.school?.id }, on: { click: () => this.attempt(() => this.#pick(one.id)) } }, nameOf(one.properties), el("span", { class: "soft" }, one.properties.district_name ?? "")))),
      ...(found.length > MOST_SHOWN ? [el("li", { class: "soft" }, t("schools.more", { n: found.length - MOST_SHOWN }))] : []),
      ...(found.length ? [] : [el("li", { class: "soft" }, t("admin.nothing"))]),
    );
  }

  async #pick(id) {
    const [school, zone] = await Promise.all([get(`schools/${id}`), get(`schools/${id}/perimeter`).catch(() => null)]);
    this.school = { id, version: school.properties.version, ...school.properties };
    await this.#fill(zone);
  }

  async #new() {
    this.school = { id: null, version: 0, name: "", name_en: "", address: "", stages: [], campuses: [], gates: [], timetable: [] };
    await this.#fill(null);
    this.#tool("grounds");
    byId("school-form").elements.name.focus();
  }

  async #fill(zone) {
    const form = byId("school-form");
    byId("school-none").hidden = true;
    form.hidden = false;
    this.changed.clear();
    this.dropped = [];
    for (const name of PLAIN) form.elements[name].value = this.school[name] ?? "";
    for (const box of form.querySelectorAll("[name=stage]")) box.checked = this.school.stages.includes(box.value);
    form.elements.distance.value = zone?.properties.distance_m ?? this.school.perimeter_distance_m ?? "";
    form.elements.cut_out.checked = zone?.properties.campus_cut_out ?? false;
    byId("school-remove").hidden = !this.school.id;
    byId("school-state").textContent = this.school.id ? "" : t("schools.new");
    await this.grounds.open();
    this.grounds.show({ id: this.school.id, campuses: this.school.campuses, gates: this.school.gates, zone: zone?.geometry, centre: this.bounds });
    this.#tool(null);
    const rows = new Map();
    for (const { grades, weekday, dismissal } of this.school.timetable) {
      if (!rows.has(grades)) rows.set(grades, { grades, days: {} });
      rows.get(grades).days[weekday] = dismissal;
    }
    this.times = [...rows.values()];
    this.#parts();
    this.#timetable();
    this.#intervals();
    this.#show();
  }

  /** A field for each checklist: what differs here, over what holds otherwise. */
  #intervals() {
    const names = new Map(this.words.hazard_categories.map((one) => [one.code, label(one)]));
    byId("school-intervals").replaceChildren(...Object.entries(this.lists).map(([key, { interval_days: usual }]) => el("label", { class: "field" },
      el("span", {}, names.get(key) ?? t("schools.intervals_school")),
      el("input", { attributes: { type: "number", min: 1, max: 400, step: 1, inputmode: "numeric", placeholder: usual, value: this.school.intervals_days?.[key] ?? "", "data-key": key } }))));
  }

  async #go() {
    const { results } = await get("geocode", { q: byId("school-place").value });
    if (results.length) this.grounds.goTo(results[0].lon, results[0].lat);
    else byId("school-hint").textContent = t("admin.nothing");
  }

  #touch(what) {
    this.changed.add(what);
    byId("school-state").textContent = t("schools.unsaved");
    if (what === "grounds" || what === "gates") {
      this.#tool(null);
      this.#parts();
    }
  }

  #parts() {
    const remove = (run) => el("button", { class: "text-button", attributes: { type: "button" }, on: { click: run } }, t("lists.away"));
    fillTable(byId("school-campuses"), [t("schools.campus"), t("schools.known_as"), ""], this.grounds.parts.map(({ campus, moved }, at) => [
      el("input", { attributes: { type: "text", value: campus.name ?? "", maxlength: 200, "aria-label": t("schools.campus") }, on: { input: (event) => { campus.name = event.target.value; this.changed.add("grounds"); } } }),
      t(`schools.known.${moved ? "polygon" : campus.known_as}`, { n: campus.radius_m ?? "" }),
      remove(() => this.grounds.drop(at)),
    ]));
    fillTable(byId("school-gates"), [t("schools.gate"), t("lists.kind"), ""], [...this.grounds.gates.values()].map(({ gate }) => [
      el("input", { attributes: { type: "text", value: gate.name, maxlength: 200, "aria-label": t("schools.gate") }, on: { input: (event) => { gate.name = event.target.value; gate.moved = true; this.changed.add("gates"); } } }),
      el("select", { attributes: { "aria-label": t("lists.kind") }, on: { change: (event) => { gate.kind = event.target.value; gate.moved = true; this.changed.add("gates"); } } }, this.words.gate_kinds.map((one) => el("option", { attributes: { value: one.code, selected: one.code === gate.kind } }, label(one)))),
      remove(() => {
        if (!gate.fresh) this.dropped.push(gate.uuid);
        this.grounds.dropGate(gate.uuid);
      }),
    ]));
  }

  #timetable() {
    fillTable(byId("school-times"), [t("timetable.grades"), ...DAYS.map((day) => t(`weekday.${day}`)), ""], this.times.map((row, at) => [
      el("input", { class: "grades", attributes: { type: "text", value: row.grades, maxlength: 64, placeholder: t("timetable.all"), "aria-label": t("timetable.grades") }, on: { input: (event) => { row.grades = event.target.value.trim(); } } }),
      ...DAYS.map((day) => el("input", { attributes: { type: "time", value: row.days[day] ?? "", "aria-label": t(`weekday.${day}`) }, on: { input: (event) => { row.days[day] = event.target.value; } } })),
      el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => { this.times.splice(at, 1); this.#touch("times"); this.#timetable(); } } }, t("lists.away")),
    ]));
  }

  /** Each part is sent by itself, under the version that the one before left behind: somebody else's change stops it. */
  async #save() {
    const form = byId("school-form");
    const said = Object.fromEntries(PLAIN.map((name) => [name, form.elements[name].value.trim() || (name.endsWith("_on") ? null : "")]));
    said.stages = [...form.querySelectorAll("[name=stage]:checked")].map((box) => box.value);
    const fresh = !this.school.id;
    if (fresh) {
      const { closed_on, ...first } = said;
      this.drawn ??= crypto.randomUUID(); // the same again after an answer that got lost
      const made = await post("schools", { id: this.drawn, city: byId("schools-city").value || null, ...first, campuses: this.grounds.campuses() });
      this.drawn = null;
      Object.assign(this.school, { id: made.id, version: made.properties.version });
    } else if (this.changed.has("plain") || this.changed.has("grounds")) {
      await this.#send("PATCH", "", { ...said, ...(this.changed.has("grounds") && { campuses: this.grounds.campuses() }) });
    }
    if (this.changed.has("perimeter") && form.elements.distance.value) {
      await this.#send("PATCH", "/perimeter", { distance_m: Number(form.elements.distance.value), cut_out_campus: form.elements.cut_out.checked });
    }
    if (this.changed.has("gates")) {
      while (this.dropped.length) {
        await this.#send("DELETE", `/gates/${this.dropped[0]}`);
        this.dropped.shift();
      }
      for (const { gate } of this.grounds.gates.values()) {
        const body = { lon: gate.lon, lat: gate.lat, name: gate.name, kind: gate.kind };
        if (gate.fresh) await this.#send("POST", "/gates", { id: gate.uuid, ...body });
        else if (gate.moved) await this.#send("PATCH", `/gates/${gate.uuid}`, body);
        Object.assign(gate, { fresh: false, moved: false });
      }
    }
    if (this.changed.has("times")) {
      const dismissals = this.times.flatMap(({ grades, days }) => DAYS.filter((day) => days[day]).map((weekday) => ({ weekday, grades, dismissal: days[weekday] })));
      await this.#send("PATCH", "/timetable", { dismissals });
    }
    if (this.changed.has("intervals")) {
      const own = [...byId("school-intervals").querySelectorAll("input")].filter((one) => one.value).map((one) => [one.dataset.key, Number(one.value)]);
      await this.#send("PATCH", "", { intervals_days: Object.fromEntries(own) });
    }
    const { id } = this.school;
    await this.#list();
    await this.#pick(id);
    say(this.done, t("schools.saved", { name: said.name }));
  }

  async #send(method, path, body) {
    const headers = method === "POST" ? {} : { "If-Match": `"${this.school.version}"` };
    await change(method, `schools/${this.school.id}${path}`, body, { headers });
    this.school.version += 1;
  }

  async #remove() {
    if (!window.confirm(t("schools.remove_sure", { name: this.school.name }))) return;
    await this.#send("DELETE", "");
    byId("school-form").hidden = true;
    byId("school-none").hidden = false;
    say(this.done, t("schools.removed", { name: this.school.name }));
    this.school = null;
    await this.#list();
  }
}
