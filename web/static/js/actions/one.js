// One joint action: its plan, how far it is, its report, and whether it worked.

import { change, get, getFeatures } from "../lib/api.js";
import { effectOf } from "../lib/effect.js";
import { count, dateTime, pageConfig, t } from "../lib/i18n.js";
import { el } from "../lib/text.js";

const TAGS = { under_way: "tag tag--alert", reported: "tag tag--good", cancelled: "tag tag--off", ended: "tag tag--off" };
const roles = pageConfig.me?.roles ?? [];
const mayPlan = roles.includes("dispatcher") || roles.includes("admin");

export const stateTag = (state) => el("span", { class: TAGS[state] ?? "tag" }, t(`actions.state.${state}`));

const cell = (value, kind = "number") => el("td", { class: kind }, value);

function table(heads, rows) {
  return el("div", { class: "table-holder" }, el("table", { class: "table table--small table--records" },
    el("thead", {}, el("tr", {}, heads.map((head, n) => el("th", { class: n ? "number" : "", attributes: { scope: "col" } }, head)))),
    el("tbody", {}, rows.map((cells) => {
      cells.forEach((one, n) => { one.dataset.head = heads[n]; }); // for screens too narrow for columns
      return el("tr", {}, cells);
    }))));
}

function bar({ done, cases }) {
  const share = cases ? done / cases : 0;
  const node = el("div", { class: "bar", attributes: { role: "img", "aria-label": t("actions.done_of", { done: count(done), cases: count(cases) }) } }, el("span"));
  node.firstChild.style.width = `${100 * share}%`;
  return node;
}

function progressOf(said, named) {
  const { cases, inspections } = said;
  return el("div", {},
    el("p", { class: "big" }, t("actions.done_of", { done: count(cases.done), cases: count(cases.cases) }), cases.overdue ? el("span", { class: "tag tag--alert" }, t("actions.overdue_n", { n: count(cases.overdue) })) : null),
    bar(cases),
    el("p", { class: "soft" }, t("actions.brought_in", { brought: count(cases.brought_in), found: count(cases.found) })),
    table([t("actions.field.department"), t("actions.cases"), t("actions.done"), t("actions.open"), t("actions.overdue")],
      said.by_department.map((row) => [cell(named(row.department), ""), cell(count(row.cases)), cell(count(row.done)), cell(count(row.open)), cell(count(row.overdue))])),
    el("p", { class: "soft" }, t("actions.inspections", { n: count(inspections.inspections), people: count(inspections.inspectors), nothing: count(inspections.nothing_found) })));
}

function effectPart(id, attempt) {
  const result = el("div", { attributes: { role: "status" } });
  const outcome = el("select", { attributes: { name: "outcome" } }, ["hazards", "incidents"].map((code) => el("option", { attributes: { value: code } }, t(`actions.effect.${code}`))));
  const weeks = el("input", { attributes: { type: "number", min: 2, max: 26, value: 8, name: "weeks", inputmode: "numeric" } });
  const since = el("select", { attributes: { name: "since" } }, ["end", "start"].map((code) => el("option", { attributes: { value: code } }, t(`actions.effect.since_${code}`))));
  const load = () => attempt(async () => {
    result.replaceChildren(el("p", { class: "soft" }, t("state.loading")));
    result.replaceChildren(...effectOf(await get(`actions/${id}/effect`, { outcome: outcome.value, weeks: weeks.value, since: since.value })));
  });
  const form = el("form", { class: "line-form line-form--tight", on: { submit: (event) => { event.preventDefault(); load(); } } },
    el("label", { class: "field" }, el("span", {}, t("actions.effect.outcome")), outcome),
    el("label", { class: "field field--number" }, el("span", {}, t("actions.effect.weeks")), weeks),
    el("label", { class: "field" }, el("span", {}, t("actions.effect.since")), since),
    el("button", { class: "button", attributes: { type: "submit" } }, t("actions.effect.measure")));
  return [form, result];
}

function reportPart(feature, attempt, changed) {
  const { report, reported_at: at, version } = feature.properties;
  if (!mayPlan) return report ? el("p", { class: "pre" }, report) : el("p", { class: "soft" }, t("actions.no_report"));
  const text = el("textarea", { attributes: { name: "report", maxlength: 20000 } }, report);
  return el("form", { class: "move-form", on: { submit: async (event) => {
    event.preventDefault();
    const sent = await attempt(() => change("PATCH", `actions/${feature.id}`, { report: text.value }, { headers: { "If-Match": `"${version}"` } }));
    if (sent) changed();
  } } }, el("label", { class: "field" }, el("span", {}, at ? t("actions.reported_at", { time: dateTime(at) }) : t("actions.report_hint")), text), el("div", { class: "moves" }, el("button", { class: "button", attributes: { type: "submit" } }, t("actions.save"))));
}

/**
 * Fill the page of an action.
 * @param {object} options palette, named(code), map, close, attempt, edit(feature), changed
 */
export async function showAction(node, id, { palette, named, map, close, attempt, edit, changed }) {
  const mayCases = !roles.every((role) => role === "viewer");
  const mayEffect = roles.some((role) => role !== "inspector");
  const [feature, progress, cases] = await Promise.all([get(`actions/${id}`), get(`actions/${id}/progress`), mayCases ? getFeatures(`actions/${id}/cases`, {}) : { features: [] }]);
  const { properties } = feature;
  map.showCases(cases.features, palette);
  const call = (cancelled) => attempt(async () => { await change("PATCH", `actions/${id}`, { cancelled }, { headers: { "If-Match": `"${properties.version}"` } }); changed(); });
  node.replaceChildren(
    el("div", { class: "case__head" }, el("h2", {}, properties.title), el("button", { class: "button", attributes: { type: "button", id: "close" }, on: { click: close } }, t("board.close"))),
    el("p", {}, stateTag(properties.state), properties.invented && el("span", { class: "tag tag--off" }, t("invented.tag")), ` ${properties.starts_on} – ${properties.ends_on}`),
    properties.purpose && el("p", { class: "pre" }, properties.purpose),
    el("p", { class: "soft" }, properties.categories.length ? properties.categories.map((code) => palette.get(code).name).join(t("list.comma")) : t("actions.all_categories")),
    table([t("actions.field.department"), t("actions.field.people"), t("actions.field.vehicles")], [
      ...properties.departments.map((one) => [cell([named(one.department), " ", one.lead && el("span", { class: "tag" }, t("actions.field.lead"))], ""), cell(count(one.people)), cell(count(one.vehicles))]),
      [cell(t("actions.total"), ""), cell(count(properties.people)), cell(count(properties.vehicles))],
    ]),
    mayPlan ? el("div", { class: "moves" }, el("button", { class: "button", attributes: { type: "button" }, on: { click: () => edit(feature) } }, t("actions.change")), el("button", { class: "button", attributes: { type: "button" }, on: { click: () => call(properties.state !== "cancelled") } }, properties.state === "cancelled" ? t("actions.call_on") : t("actions.call_off"))) : "",
    el("h3", {}, t("actions.progress")), progressOf(progress, named),
    el("h3", {}, t("actions.report")), reportPart(feature, attempt, changed),
    ...(mayEffect ? [el("h3", {}, t("actions.effect.title")), ...effectPart(id, attempt)] : []));
  node.hidden = false;
  return feature;
}
