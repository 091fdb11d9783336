// Filing rules: who leads with which hazards, and how long each step may take, as a table and a form.

import { change, get, getFeatures } from "../lib/api.js";
import { label, language, nameOf, pageConfig, t } from "../lib/i18n.js";
import { fillTable, say } from "../lib/table.js";
import { el } from "../lib/text.js";

const byId = (id) => document.getElementById(id);
const STEPS = ["file", "dispatch", "accept", "handle", "check", "overall"];
const UNITS = ["working_hours", "working_days", "hours", "days"];
const PLACES = ["", "district", "school", "cell"];
const URGENCIES = ["ordinary", "urgent", "very_urgent"];
const NOT_SENT = new Set(["id", "version", "built_in"]);

const option = (value, text, chosen) => el("option", { attributes: { value, selected: value === chosen } }, text);
const field = (text, node) => el("label", { class: "field" }, el("span", {}, text), node);

export class Filing {
  /** @param {object} options attempt(work), done */
  constructor(options) {
    Object.assign(this, options);
    this.rules = null;
  }

  async open() {
    if (this.rules) return;
    const [machine, words] = await Promise.all([get("cases/machine"), get("vocabulary")]);
    this.departments = machine.departments;
    this.districts = machine.districts;
    this.categories = words.hazard_categories;
    byId("filing-city").replaceChildren(...pageConfig.cities.map((one) => option(one.code, language === "en" ? one.name_en || one.name : one.name)));
    byId("filing-city").addEventListener("change", () => this.attempt(() => this.#load()));
    byId("filing-find").addEventListener("input", () => this.#table());
    byId("filing-own").addEventListener("change", () => this.#table());
    byId("filing-add").addEventListener("click", () => this.#form({ ...this.rules[0], id: crypto.randomUUID(), version: 0, built_in: true }, { fresh: true }));
    await this.#load();
  }

  get city() { return byId("filing-city").value; }

  async #load() {
    const { filing_rules: rules } = await get("filing-rules", { city: this.city });
    const { features } = await getFeatures("schools", { limit: 1000 }, { pages: 4 });
    this.schools = new Map(features.map((one) => [one.id, nameOf(one.properties)]));
    this.rules = rules;
    byId("filing-form").replaceChildren();
    this.#table();
  }

  /* ---- words ---- */

  #department(code) {
    const found = this.departments.find((one) => one.code === code);
    return found ? label(found) : code;
  }

  #what({ category, subtype }) {
    const found = this.categories.find((one) => one.code === category);
    const inner = found?.subtypes?.find((one) => one.code === subtype);
    return [found ? label(found) : category, subtype && (inner ? label(inner) : subtype)].filter(Boolean).join(" · ");
  }

  #place({ place_kind: kind, place }) {
    if (!kind) return t("filing.everywhere");
    const name = { district: this.districts.find((one) => one.code === place)?.name, school: this.schools.get(place), cell: place }[kind];
    return `${t(`filing.place.${kind}`)} ${name ?? place}`;
  }

  /* ---- the table ---- */

  #table() {
    const find = byId("filing-find").value.trim().toLocaleLowerCase();
    const shown = this.rules.filter((rule) => (!byId("filing-own").checked || !rule.built_in) && [this.#what(rule), this.#place(rule), this.#department(rule.lead)].join(" ").toLocaleLowerCase().includes(find));
    const limit = ({ amount, unit }) => t(`filing.unit.${unit}`, { n: amount });
    const act = (text, name, rule, work) => el("button", { class: "text-button", attributes: { type: "button", "data-act": name, "data-rule": rule.id }, on: { click: work } }, text);
    fillTable(byId("filing-table"), [t("filing.what"), t("filing.where"), t("filing.lead"), t("filing.urgency"), t("filing.handle"), t("filing.whole"), ""], shown.map((rule) => [
      [this.#what(rule), " ", !rule.built_in && el("span", { class: "tag" }, t("filing.own"))],
      this.#place(rule),
      [this.#department(rule.lead), rule.assisting.length ? el("div", { class: "soft" }, t("filing.with", { names: rule.assisting.map((code) => this.#department(code)).join(t("list.comma")) })) : ""],
      t(`board.urgency.${rule.urgency}`), limit(rule.limits.handle), limit(rule.limits.overall),
      el("div", { class: "actions" },
        act(t("filing.edit"), "edit", rule, () => this.#form(rule, {})),
        act(t("filing.for_place"), "place", rule, () => this.#form({ ...rule, id: crypto.randomUUID(), version: 0, built_in: true }, { fresh: true })),
        !rule.built_in && act(rule.place_kind ? t("filing.remove") : t("filing.reset"), "reset", rule, () => this.attempt(() => this.#remove(rule)))),
    ]));
  }

  async #remove(rule) {
    await change("DELETE", `filing-rules/${rule.id}`, undefined, { headers: { "If-Match": `"${rule.version}"` } });
    await this.#load();
    say(this.done, t("filing.removed", { what: this.#what(rule) }));
  }

  /* ---- the form ---- */

  #places(kind, chosen) {
    if (kind === "district") return el("select", { attributes: { name: "place", required: true } }, this.districts.map((one) => option(one.code, one.name, chosen)));
    if (kind === "school") return el("select", { attributes: { name: "place", required: true } }, [...this.schools].map(([id, name]) => option(id, name, chosen)));
    return el("input", { attributes: { name: "place", value: kind ? chosen : "", required: Boolean(kind), disabled: !kind, maxlength: 64, spellcheck: "false" } });
  }

  #form(rule, { fresh = false }) {
    const holder = byId("filing-form");
    const place = el("span", {}, this.#places(rule.place_kind, rule.place));
    const subtypes = el("select", { attributes: { name: "subtype", disabled: !fresh } });
    const drawSubtypes = (category) => subtypes.replaceChildren(option("", t("filing.whole_category"), rule.subtype), ...(this.categories.find((one) => one.code === category)?.subtypes ?? []).map((one) => option(one.code, label(one), rule.subtype)));
    drawSubtypes(rule.category);
    const number = (name, value, more) => el("input", { attributes: { name, type: "number", value, required: true, min: 0, ...more } });
    const text = (name, value) => el("input", { attributes: { name, value, maxlength: 300 } });
    const form = el("form", { class: "rule-form", on: { submit: (event) => { event.preventDefault(); this.attempt(() => this.#save(rule, form)); } } },
      el("h2", {}, fresh ? t("filing.new") : `${this.#what(rule)} · ${this.#place(rule)}`),
      el("p", { class: "soft" }, t("filing.explain")),
      el("div", { class: "rule-form__row" },
        field(t("filing.category"), el("select", { attributes: { name: "category", disabled: !fresh }, on: { change: (event) => drawSubtypes(event.target.value) } }, this.categories.map((one) => option(one.code, label(one), rule.category)))),
        field(t("filing.subtype"), subtypes),
        field(t("filing.where"), el("select", { attributes: { name: "place_kind", disabled: !fresh }, on: { change: (event) => place.replaceChildren(this.#places(event.target.value, "")) } }, PLACES.map((kind) => option(kind, kind ? t(`filing.place.${kind}`) : t("filing.everywhere"), rule.place_kind)))),
        field(t("filing.place"), place)),
      el("div", { class: "rule-form__row" },
        field(t("filing.lead"), el("select", { attributes: { name: "lead" } }, this.departments.map((one) => option(one.code, label(one), rule.lead)))),
        field(t("filing.urgency"), el("select", { attributes: { name: "urgency" } }, URGENCIES.map((code) => option(code, t(`board.urgency.${code}`), rule.urgency)))),
        field(t("filing.severity"), el("select", { attributes: { name: "min_severity" } }, [1, 2, 3].map((n) => option(String(n), String(n), String(rule.min_severity))))),
        el("label", { class: "check" }, el("input", { attributes: { type: "checkbox", name: "near_school", checked: rule.near_school } }), t("filing.near_school")),
        el("label", { class: "check" }, el("input", { attributes: { type: "checkbox", name: "close_needs_photo", checked: rule.close_needs_photo } }), t("filing.photo"))),
      el("fieldset", {}, el("legend", {}, t("filing.assisting")), this.departments.map((one) => el("label", { class: "check" }, el("input", { attributes: { type: "checkbox", name: "assisting", value: one.code, checked: rule.assisting.includes(one.code) } }), label(one)))),
      el("fieldset", {}, el("legend", {}, t("filing.limits")), STEPS.map((step) => el("div", { class: "rule-form__limit" }, field(step === "overall" ? t("filing.whole") : t(`board.clock.${step}`), number(`${step}.amount`, rule.limits[step].amount, { min: 0.01, max: 1000, step: "any" })),
        el("select", { attributes: { name: `${step}.unit`, "aria-label": t("filing.unit") } }, UNITS.map((unit) => option(unit, t(`filing.unit.${unit}`, { n: "" }).trim(), rule.limits[step].unit)))))),
      el("div", { class: "rule-form__row" },
        field(t("filing.within"), number("within_m", rule.recurrence.within_m, { max: 1000 })), field(t("filing.days"), number("days", rule.recurrence.days, { max: 366 }))),
      el("div", { class: "rule-form__row" }, 
        field(t("filing.file_when.zh"), text("file_when.zh", rule.file_when.zh)), field(t("filing.file_when.en"), text("file_when.en", rule.file_when.en)),
        field(t("filing.close_when.zh"), text("close_when.zh", rule.close_when.zh)), field(t("filing.close_when.en"), text("close_when.en", rule.close_when.en))),
      el("div", { class: "actions" }, el("button", { class: "button button--primary", attributes: { type: "submit" } }, t("filing.save")), el("button", { class: "button", attributes: { type: "button" }, on: { click: () => holder.replaceChildren() } }, t("board.cancel"))));
    holder.replaceChildren(form);
    form.scrollIntoView({ block: "start" });
    form.querySelector("select:not(:disabled), input:not(:disabled)")?.focus();
  }

  async #save(rule, form) {
    const said = new FormData(form);
    const has = (name) => form.elements[name].checked;
    const kind = form.elements.place_kind.value;
    const body = Object.fromEntries(Object.entries(rule).filter(([name]) => !NOT_SENT.has(name)));
    Object.assign(body, {
      city: this.city, category: form.elements.category.value, subtype: form.elements.subtype.value, place_kind: kind, place: kind ? form.elements.place.value.trim() : "",
      lead: said.get("lead"), urgency: said.get("urgency"), min_severity: Number(said.get("min_severity")), near_school: has("near_school"), close_needs_photo: has("close_needs_photo"),
      assisting: said.getAll("assisting").filter((code) => code !== said.get("lead")),
      limits: Object.fromEntries(STEPS.map((step) => [step, { amount: Number(said.get(`${step}.amount`)), unit: said.get(`${step}.unit`) }])),
      recurrence: { within_m: Number(said.get("within_m")), days: Number(said.get("days")) },
      file_when: { zh: said.get("file_when.zh"), en: said.get("file_when.en") }, close_when: { zh: said.get("close_when.zh"), en: said.get("close_when.en") },
    });
    await change("PUT", `filing-rules/${rule.id}`, body, { headers: { "If-Match": `"${rule.version}"` } });
    await this.#load();
    say(this.done, t("filing.saved", { what: this.#what(body) }));
    this.done.scrollIntoView({ block: "nearest" });
  }
}
