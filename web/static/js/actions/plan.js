// The plan of a joint action as a form: title, days, categories, who takes part, and where.

import { change, post } from "../lib/api.js";
import { count, nameOf, pageConfig, t } from "../lib/i18n.js";
import { el } from "../lib/text.js";

const field = (name, node, wide = false) => el("label", { class: wide ? "field field--wide" : "field" }, el("span", {}, t(`actions.field.${name}`)), node);

function departmentRow(names, known = null, first = false) {
  const row = el("div", { class: "taking-part" },
    el("label", { class: "field" }, el("span", {}, t("actions.field.department")), el("select", { attributes: { name: "department", required: true } },
      el("option", { attributes: { value: "" } }, ""), [...names].map(([code, name]) => el("option", { attributes: { value: code, selected: known?.department === code } }, name)))),
    el("label", { class: "field field--number" }, el("span", {}, t("actions.field.people")), el("input", { attributes: { name: "people", type: "number", min: 0, max: 100000, value: known?.people ?? 0, inputmode: "numeric" } })),
    el("label", { class: "field field--number" }, el("span", {}, t("actions.field.vehicles")), el("input", { attributes: { name: "vehicles", type: "number", min: 0, max: 100000, value: known?.vehicles ?? 0, inputmode: "numeric" } })),
    el("label", { class: "check" }, el("input", { attributes: { type: "radio", name: "lead", checked: known?.lead ?? first } }), t("actions.field.lead")),
    el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => { if (row.parentElement.children.length > 1) row.remove(); } } }, t("actions.remove")));
  return row;
}

function schoolPicker(schools, chosen, changed) {
  const box = el("div", { class: "pick-list" });
  const filter = el("input", { attributes: { type: "search", placeholder: t("actions.find_school"), "aria-label": t("actions.find_school") } });
  const draw = () => {
    const words = filter.value.trim().toLocaleLowerCase();
    const fitting = schools.filter((one) => nameOf(one.properties).toLocaleLowerCase().includes(words));
    box.replaceChildren(...fitting.slice(0, 300).map((one) => el("label", { class: "check" },
      el("input", { attributes: { type: "checkbox", checked: chosen.has(one.id) }, on: { change: (event) => { if (event.target.checked) chosen.add(one.id); else chosen.delete(one.id); changed(); } } }), nameOf(one.properties))));
  };
  filter.addEventListener("input", draw);
  draw();
  return el("div", { class: "field" }, filter, box);
}

/**
 * @param {object} options known (the action that is changed, or null), city (its code), schools (of the city), schoolsOf(code), palette, names (departments), map, attempt, cancel, done(id)
 */
export function planForm({ known, city, schools, schoolsOf, palette, names, map, attempt, cancel, done }) {
  const said = known?.properties;
  const area = { mode: known ? "keep" : "schools", city, offered: schools, schools: new Set(said?.chosen?.schools ?? []), cells: [], corners: [] };
  const place = el("div");
  const summary = el("p", { class: "soft", attributes: { role: "status" } });
  const tell = () => {
    summary.classList.remove("form-problem");
    summary.textContent = area.mode === "schools" ? t("actions.schools_n", { n: count(area.schools.size) })
      : area.mode === "cells" ? t("actions.cells_n", { n: count(area.cells.length) }) : area.mode === "draw" ? t("actions.corners_n", { n: count(area.corners.length) }) : t("actions.area_stays");
  };
  const showArea = () => {
    map.stopDrawing();
    Object.assign(area, { cells: [], corners: [] });
    place.replaceChildren();
    if (area.mode === "schools") place.append(schoolPicker(area.offered, area.schools, tell));
    if (area.mode === "cells") map.startDrawing("cells", (codes) => { area.cells = codes; tell(); });
    if (area.mode === "draw") {
      map.startDrawing("draw", (corners) => { area.corners = corners; tell(); });
      place.append(el("button", { class: "button", attributes: { type: "button" }, on: { click: () => map.undo() } }, t("actions.undo")));
    }
    tell();
  };
  const town = el("select", { attributes: { name: "city" }, on: { change: () => attempt(async () => {
    const code = town.value;
    const found = await schoolsOf(code);
    if (code !== town.value) return; // another one was chosen meanwhile
    Object.assign(area, { city: code, offered: found });
    area.schools.clear();
    map.lookAtCity(pageConfig.cities.find((one) => one.code === code));
    showArea();
  }) } }, pageConfig.cities.map((one) => el("option", { attributes: { value: one.code, selected: one.code === city } }, nameOf(one))));
  const modes = [known && "keep", "schools", "cells", "draw"].filter(Boolean);
  const parts = el("div", {}, (said?.departments ?? [null]).map((one, n) => departmentRow(names, one, n === 0)));
  const send = el("button", { class: "button button--primary", attributes: { type: "submit" } }, known ? t("actions.save") : t("actions.plan"));
  const id = known?.id ?? crypto.randomUUID();

  function body() {
    const given = new FormData(form);
    const out = { title: given.get("title"), purpose: given.get("purpose"), starts_on: given.get("starts_on"), ends_on: given.get("ends_on"), categories: given.getAll("category") };
    out.departments = [...parts.children].map((row) => ({ department: row.querySelector("[name=department]").value, people: Number(row.querySelector("[name=people]").value), vehicles: Number(row.querySelector("[name=vehicles]").value), lead: row.querySelector("[name=lead]").checked }));
    if (!known && area.mode !== "draw") out.city = area.city; // what is drawn lies where it lies
    if (area.mode === "schools") out.schools = [...area.schools];
    if (area.mode === "cells") out.cells = area.cells;
    if (area.mode === "draw") out.area = { type: "Polygon", coordinates: [[...area.corners, area.corners[0]].filter(Boolean)] };
    return out;
  }

  const ready = () => ({ keep: true, schools: area.schools.size > 0, cells: area.cells.length > 0, draw: area.corners.length > 2 })[area.mode];
  const form = el("form", { class: "plan-form", on: { submit: async (event) => {
    event.preventDefault();
    if (!ready()) { summary.textContent = t("actions.area_needed"); summary.classList.add("form-problem"); return; }
    send.disabled = true;
    const sent = await attempt(() => (known ? change("PATCH", `actions/${id}`, body(), { headers: { "If-Match": `"${said.version}"` } }) : post("actions", { id, ...body() })));
    send.disabled = false;
    if (sent) done(id);
  } } },
    el("div", { class: "case__head" }, el("h2", {}, known ? t("actions.change") : t("actions.new")), el("button", { class: "button", attributes: { type: "button" }, on: { click: cancel } }, t("board.cancel"))),
    field("title", el("input", { attributes: { name: "title", required: true, maxlength: 200, value: said?.title ?? "" } })),
    field("purpose", el("textarea", { attributes: { name: "purpose", maxlength: 20000 } }, said?.purpose ?? "")),
    el("div", { class: "two" },
      field("starts_on", el("input", { attributes: { name: "starts_on", type: "date", required: true, value: said?.starts_on ?? "" } })),
      field("ends_on", el("input", { attributes: { name: "ends_on", type: "date", required: true, value: said?.ends_on ?? "" } }))),
    el("fieldset", {}, el("legend", {}, t("actions.field.departments")), parts, el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => parts.append(departmentRow(names)) } }, t("actions.add_department"))),
    el("fieldset", {}, el("legend", {}, t("actions.field.categories")), el("div", { class: "checks" }, palette.list.map((one) => el("label", { class: "check" }, el("input", { attributes: { type: "checkbox", name: "category", value: one.code, checked: said?.categories.includes(one.code) } }), one.name)))),
    el("fieldset", {}, el("legend", {}, t("actions.field.area")),
      !known && pageConfig.cities.length > 1 && el("label", { class: "field" }, el("span", {}, t("walks.city")), town),
      el("div", { class: "checks" }, modes.map((mode) => el("label", { class: "check" }, el("input", { attributes: { type: "radio", name: "area_mode", value: mode, checked: area.mode === mode }, on: { change: () => { area.mode = mode; showArea(); } } }), t(`actions.area.${mode}`)))),
      place, summary),
    el("div", { class: "moves" }, send));
  showArea();
  return form;
}
