// Who leads a department and who is its liaison officer, with deputies and days, as a form.

import { today } from "../lib/days.js";
import { t } from "../lib/i18n.js";
import { el } from "../lib/text.js";

const field = (name, node) => el("label", { class: "field" }, el("span", {}, t(name)), node);

function dutyRow(people, known) {
  const row = el("div", { class: "taking-part" },
    field("book.person", el("select", { attributes: { name: "person", required: true } }, people.map((one) => el("option", { attributes: { value: one.id, selected: one.id === known?.person } }, one.display_name || one.name)))),
    field("book.duty", el("select", { attributes: { name: "duty" } }, ["leader", "liaison"].map((code) => el("option", { attributes: { value: code, selected: code === known?.duty } }, t(`book.${code}`))))),
    el("label", { class: "check" }, el("input", { attributes: { type: "checkbox", name: "deputy", checked: known?.deputy } }), t("book.deputy")),
    field("heat.from", el("input", { attributes: { type: "date", name: "starts_on", required: true, value: known?.starts_on ?? today() } })),
    field("heat.to", el("input", { attributes: { type: "date", name: "ends_on", value: known?.ends_on ?? "" } })),
    el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => row.remove() } }, t("actions.remove")));
  return row;
}

/** @param {object} options save(duties), cancel */
export function dutiesForm(name, known, people, { save, cancel }) {
  const rows = el("div", {}, known.duties.map((one) => dutyRow(people, one)));
  return el("form", { class: "plan-form", on: { submit: (event) => {
    event.preventDefault();
    save([...rows.children].map((row) => {
      const value = (wanted) => row.querySelector(`[name=${wanted}]`);
      return { person: value("person").value, duty: value("duty").value, deputy: value("deputy").checked, starts_on: value("starts_on").value, ends_on: value("ends_on").value || null };
    }));
  } } },
    el("h2", {}, name), known.duties.length ? null : el("p", { class: "soft" }, t("book.no_duties")), rows,
    el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => rows.append(dutyRow(people, null)) } }, t("book.add_duty")),
    el("div", { class: "moves" }, el("button", { class: "button button--primary", attributes: { type: "submit" } }, t("actions.save")), el("button", { class: "button", attributes: { type: "button" }, on: { click: cancel } }, t("board.cancel"))));
}
