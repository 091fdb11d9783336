// How cases go: figures by department, township, school or category, what each means, and the cases behind it.

import { get, getPage } from "../lib/api.js";
import { daysAfter, today, weekdayOf } from "../lib/days.js";
import { dateTime, label, language, pageConfig, t } from "../lib/i18n.js";
import { keepHash } from "../lib/masthead.js";
import { addRows, fillTable, say } from "../lib/table.js";
import { el } from "../lib/text.js";

const COUNTS = ["accepted", "filed", "due", "closed", "overdue", "closed_in_period"];
const RATES = { closing: "closed", on_time: "on_time", rework: "reworked", recurrence: "recurred" };
const NAMES = ["from", "to", "by", "category", "department", "district", "city"];
const byId = (id) => document.getElementById(id);
const form = byId("asked");
const problem = byId("problem");
const app = { states: new Map(), categories: [], meanings: new Map(), next: null };

/* ---- the period ---- */

function spanOf(name) {
  const to = today();
  const [year, month] = to.split("-");
  const from = {
    week: daysAfter(to, 1 - weekdayOf(to)),
    month: `${year}-${month}-01`,
    quarter: `${year}-${String(month - ((month - 1) % 3)).padStart(2, "0")}-01`,
    year: `${year}-01-01`,
  }[name];
  return from ? { from, to } : {};
}

/* ---- the address ---- */

function asked() {
  return Object.fromEntries(NAMES.map((name) => [name, form.elements[name].value]).filter(([, value]) => value));
}

function readAddress() {
  const said = new URLSearchParams(window.location.hash.slice(1));
  const span = said.get("from") ? "own" : (said.get("span") ?? "month");
  byId("span").value = span;
  const wanted = { by: "department", ...spanOf(span), ...Object.fromEntries(said) };
  for (const name of NAMES) if (wanted[name]) form.elements[name].value = wanted[name];
}

function writeAddress() {
  const said = asked();
  const span = byId("span").value;
  if (span !== "own") { delete said.from; delete said.to; said.span = span; }
  window.history.replaceState(null, "", `#${new URLSearchParams(said)}`);
  keepHash();
}

/* ---- the figures ---- */

const nameOf = (group) => (group.name && typeof group.name === "object" ? label(group.name) : group.name) ?? group.key ?? t("indicators.nobody");
const head = (code) => app.meanings.get(code)?.split(/[：:]| = /)[0] ?? code;
const percent = (rate) => new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 }).format(rate);

function figure(n, code, group) {
  const opens = n > 0 && pageConfig.me.roles.some((role) => role !== "viewer");
  return opens ? el("button", { class: code === "overdue" ? "text-button late" : "text-button", attributes: { type: "button", "data-figure": code }, on: { click: () => behind(code, group) } }, n) : n;
}

function share({ n, N, rate }, code, group) {
  return N ? [rate === null ? "—" : percent(rate), el("small", {}, figure(n, code, group), ` / ${N}`)] : "";
}

function cells(name, entry, group) {
  return [name, ...COUNTS.map((code) => figure(entry.counts[code], code, group)), ...Object.entries(RATES).map(([rate, code]) => share(entry.rates[rate], code, group))];
}

async function show() {
  writeAddress();
  byId("behind").hidden = true;
  if (!form.reportValidity()) return;
  try {
    const said = await get("cases/indicators", asked());
    say(problem);
    app.meanings = new Map(said.definitions.map((one) => [one.code, label(one)]));
    const heads = [t(`indicators.by.${said.by}`), ...COUNTS.map(head), ...Object.keys(RATES).map((rate) => head(`${rate}_rate`))];
    fillTable(byId("figures"), heads, [cells(t("indicators.all"), said.total, null), ...said.groups.map((group) => cells(nameOf(group), group, group))]);
    byId("meanings").replaceChildren(...[...app.meanings.values()].map((text) => el("li", {}, text)));
    byId("export").href = `${pageConfig.api ?? "/api/v1"}/cases/indicators.xlsx?${new URLSearchParams({ ...asked(), lang: language.slice(0, 2) })}`;
    const top = said.total.top_types.map((one) => `${categoryName(one.category, one.subtype)} ${one.count}`);
    say(byId("state"), [t("indicators.as_of", { time: dateTime(said.as_of) }), top.length ? t("indicators.top", { types: top.join(t("list.comma")) }) : ""].filter(Boolean).join(" "));
  } catch (error) {
    say(problem, error.message);
  }
}

function categoryName(code, subtype) {
  const category = app.categories.find((one) => one.code === code);
  const inner = category?.subtypes?.find((one) => one.code === subtype);
  return [category ? label(category) : code, inner && label(inner)].filter(Boolean).join(" · ");
}

/* ---- the cases behind a figure ---- */

function caseRow({ id, properties }) {
  return [
    el("a", { attributes: { href: `/board#queue=${properties.closed_at ? "closed" : "open"}&case=${id}` } }, properties.number),
    properties.name || categoryName(properties.category, properties.subtype),
    [properties.school?.name, properties.district?.name].filter(Boolean).join(" · "),
    app.states.get(properties.state) ?? properties.state,
    properties.due_at ? dateTime(properties.due_at) : "",
    properties.closed_at ? dateTime(properties.closed_at) : "",
  ];
}

async function behind(code, group) {
  const { by, ...rest } = asked();
  if (group && !group.key) { say(problem, t("indicators.no_list")); return; }
  try {
    const { data, next } = await getPage("cases/indicators/cases", { ...rest, figure: code, ...(group ? { [by]: group.key } : {}) });
    say(problem);
    byId("behind-title").textContent = `${group ? nameOf(group) : t("indicators.all")} · ${head(code)}`;
    fillTable(byId("behind-table"), [t("indicators.number"), t("indicators.what"), t("indicators.where"), t("indicators.state"), t("indicators.due"), t("indicators.closed")], data.features.map(caseRow));
    app.next = next;
    byId("behind-more").hidden = !next;
    byId("behind").hidden = false;
    byId("behind").scrollIntoView({ block: "nearest" });
  } catch (error) {
    say(problem, error.message);
  }
}

byId("behind-more").addEventListener("click", async () => {
  try {
    const { data, next } = await getPage(app.next);
    addRows(byId("behind-table"), data.features.map(caseRow));
    app.next = next;
    byId("behind-more").hidden = !next;
  } catch (error) {
    say(problem, error.message);
  }
});

/* ---- start ---- */

function choices(name, entries, all = true) {
  form.elements[name].replaceChildren(...(all ? [el("option", { attributes: { value: "" } }, t("board.all"))] : []), ...entries.map(([value, text]) => el("option", { attributes: { value } }, text)));
}

async function begin() {
  try {
    const [machine, vocabulary] = await Promise.all([get("cases/machine"), get("vocabulary")]);
    app.states = new Map(machine.states.map((one) => [one.code, label(one)]));
    app.categories = vocabulary.hazard_categories;
    choices("category", app.categories.map((one) => [one.code, label(one)]));
    choices("department", machine.departments.map((one) => [one.code, label(one)]));
    choices("district", machine.districts.map((one) => [one.code, one.name]));
  } catch (error) {
    say(problem, error.message);
    return;
  }
  choices("city", pageConfig.cities.map((one) => [one.code, language.startsWith("en") ? one.name_en || one.name : one.name]), false);
  byId("city-field").hidden = pageConfig.cities.length < 2;
  readAddress();
  byId("span").addEventListener("change", () => {
    for (const [name, day] of Object.entries(spanOf(byId("span").value))) form.elements[name].value = day;
    show();
  });
  form.addEventListener("change", (event) => {
    if (event.target.id === "span") return;
    if (event.target.type === "date") byId("span").value = "own";
    show();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  await show();
  document.body.dataset.ready = "";
}

if (pageConfig.me) begin();
