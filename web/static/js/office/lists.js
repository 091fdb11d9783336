// Checklists: what is asked on rounds, and how often, as a table that an administrator edits.

import { change, get } from "../lib/api.js";
import { label, t } from "../lib/i18n.js";
import { fillTable, say } from "../lib/table.js";
import { el } from "../lib/text.js";

const byId = (id) => document.getElementById(id);
const KINDS = ["yes_no", "number", "choice"];

export class Lists {
  /** @param {object} options attempt(work), done */
  constructor(options) {
    Object.assign(this, options);
    this.lists = null;
  }

  async open() {
    if (this.lists) return;
    const [{ checklists }, words] = await Promise.all([get("checklists"), get("vocabulary")]);
    this.lists = checklists;
    const names = new Map(words.hazard_categories.map((one) => [one.code, label(one)]));
    byId("lists-key").replaceChildren(...Object.keys(checklists).map((key) => el("option", { attributes: { value: key } }, key === "school" ? t("lists.school") : names.get(key) ?? key)));
    byId("lists-key").addEventListener("change", () => this.#show());
    byId("lists-add").addEventListener("click", () => {
      this.items.push({ id: `q${Date.now().toString(36)}`, kind: "yes_no", zh: "", en: "", photo: false, choices: [], least: null, most: null });
      this.#table();
    });
    byId("lists-save").addEventListener("click", () => this.attempt(() => this.#save()));
    this.#show();
  }

  #show() {
    const list = this.lists[byId("lists-key").value];
    this.items = structuredClone(list.items);
    byId("lists-interval").value = list.interval_days;
    byId("lists-term").checked = list.start_of_term;
    byId("lists-state").textContent = list.version ? t("lists.own", { n: list.version }) : t("lists.built_in");
    this.#table();
  }

  #table() {
    const text = (item, name) => el("input", { attributes: { type: "text", value: item[name], maxlength: 200, "aria-label": t(name === "zh" ? "lists.zh" : "lists.en") }, on: { input: (event) => { item[name] = event.target.value; } } });
    const kind = (item) => el("select", { attributes: { "aria-label": t("lists.kind") }, on: { change: (event) => { item.kind = event.target.value; this.#table(); } } },
      KINDS.map((one) => el("option", { attributes: { value: one, selected: one === item.kind } }, t(`lists.kind.${one}`))));
    const choices = (item) => (item.kind !== "choice" ? "" : el("input", {
      attributes: { type: "text", value: item.choices.map((one) => `${one.zh}/${one.en}`).join("; "), "aria-label": t("lists.choices"), placeholder: t("lists.choices_how") },
      on: { change: (event) => { item.choices = event.target.value.split(/[;；]/).map((part, at) => part.split("/").map((word) => word.trim()).concat("")).filter(([zh]) => zh).map(([zh, en], at) => ({ id: item.choices[at]?.id ?? `c${at}`, zh, en: en || zh })); } },
    }));
    const move = (at, by) => el("button", { class: "text-button", attributes: { type: "button", disabled: at + by < 0 || at + by >= this.items.length }, on: { click: () => { const [one] = this.items.splice(at, 1); this.items.splice(at + by, 0, one); this.#table(); } } }, t(by < 0 ? "lists.up" : "lists.down"));
    fillTable(byId("lists-table"), [t("lists.zh"), t("lists.en"), t("lists.kind"), t("lists.choices"), t("lists.photo"), ""], this.items.map((item, at) => [
      text(item, "zh"), text(item, "en"), kind(item), choices(item),
      el("input", { attributes: { type: "checkbox", checked: item.photo, "aria-label": t("lists.photo") }, on: { change: (event) => { item.photo = event.target.checked; } } }),
      el("div", { class: "actions" }, move(at, -1), move(at, 1), el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => { this.items.splice(at, 1); this.#table(); } } }, t("lists.away"))),
    ]));
  }

  async #save() {
    const key = byId("lists-key").value;
    const body = {
      interval_days: Number(byId("lists-interval").value), start_of_term: byId("lists-term").checked,
      items: this.items.map((item) => ({ ...item, choices: item.kind === "choice" ? item.choices : [] })),
    };
    const made = await change("PUT", `checklists/${key}`, body, { headers: { "If-Match": `"${this.lists[key].version}"` } });
    this.lists[key] = made;
    this.#show();
    say(this.done, t("lists.saved"));
  }
}
