// The table of distance rules, as an administrator sets it: each change is a version, and none is lost.

import { change, get } from "../lib/api.js";
import { label, language, t } from "../lib/i18n.js";
import { fillTable, say } from "../lib/table.js";
import { el } from "../lib/text.js";

const byId = (id) => document.getElementById(id);
const OWN = ["rule_id", "version", "versions", "version_in_force"];
const MEASURES = ["boundary", "gate", "walk", "township_polygon", "none", "road"];
const STATUSES = ["L", "S", "R", "V", "I"];

export class Rules {
  /** @param {object} options attempt(work), done */
  constructor(options) {
    Object.assign(this, options);
  }

  async open() {
    if (!this.words) {
      this.words = new Map((await get("vocabulary")).premises_categories.map((one) => [one.code, label(one)]));
      byId("rule-form").addEventListener("submit", (event) => {
        event.preventDefault();
        this.attempt(() => this.#save());
      });
      byId("rule-close").addEventListener("click", () => { byId("rule-form").hidden = true; });
      for (const [id, codes] of [["measure", MEASURES], ["basis_status", STATUSES]]) {
        byId("rule-form").elements[id].replaceChildren(...codes.map((code) => el("option", { attributes: { value: code } }, t(`rules.${id}.${code}`))));
      }
    }
    const { distance_rules: rules } = await get("distance-rules");
    const basis = language === "en" ? "basis_en" : "basis_zh";
    const title = language === "en" ? "title_en" : "title_zh";
    fillTable(byId("rules-table"), [t("rules.title_of"), t("rules.target"), t("rules.limit_m"), t("rules.measure"), t("rules.basis"), t("rules.version"), ""], rules.map((rule) => [
      rule[title], this.words.get(rule.target) ?? rule.target,
      rule.limit_m === null ? t("rules.no_limit") : t("unit.m", { n: rule.limit_m }), t(`rules.measure.${rule.measure}`),
      [rule[basis], " ", el("span", { class: "tag" }, t(`rules.basis_status.${rule.basis_status}`))],
      [rule.version, rule.version_in_force === null && el("span", { class: "tag tag--off" }, t("rules.not_in_force"))],
      el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => this.attempt(() => this.#edit(rule.rule_id)) } }, t("rules.edit")),
    ]));
  }

  async #edit(id) {
    this.rule = await get(`distance-rules/${id}`);
    const form = byId("rule-form");
    byId("rule-name").textContent = `${language === "en" ? this.rule.title_en : this.rule.title_zh} · ${id}`;
    for (const field of form.elements) if (field.name) field.value = this.rule[field.name] ?? "";
    byId("rule-versions").replaceChildren(...this.rule.versions.map((one) => el("li", {}, t("rules.was", { n: one.version, limit: one.limit_m === null ? t("rules.no_limit") : t("unit.m", { n: one.limit_m }), measure: t(`rules.measure.${one.measure}`), from: one.valid_from ?? "…", to: one.valid_to ?? "…" }))));
    form.hidden = false;
    form.scrollIntoView({ block: "nearest" });
    form.elements.limit_m.focus();
  }

  async #save() {
    const body = Object.fromEntries(Object.entries(this.rule).filter(([name]) => !OWN.includes(name)));
    for (const field of byId("rule-form").elements) if (field.name) body[field.name] = field.value.trim();
    for (const name of ["valid_from", "valid_to", "limit_m"]) body[name] = body[name] === "" ? null : body[name];
    if (body.limit_m !== null) body.limit_m = Number(body.limit_m);
    const made = await change("PUT", `distance-rules/${this.rule.rule_id}`, body, { headers: { "If-Match": `"${this.rule.version}"` } });
    byId("rule-form").hidden = true;
    await this.open();
    say(this.done, t("rules.saved", { n: made.version }));
  }
}
