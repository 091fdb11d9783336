// The board: the queue of cases as list and map together, one case, and what is done with it.

import { get, getFeatures } from "../lib/api.js";
import { dateTime, label, pageConfig, t } from "../lib/i18n.js";
import { keepHash } from "../lib/masthead.js";
import { Palette, badge } from "../lib/symbols.js";
import { say } from "../lib/table.js";
import { debounce, el } from "../lib/text.js";
import { drawBulk } from "../board/bulk.js";
import { CaseMap } from "../board/casemap.js";
import { showCase } from "../board/casepage.js";
import { nextDue, timeLeft } from "../board/clock.js";
import { CLOSED, QUEUES, byUrgency } from "../board/queues.js";

const PAGES = 4;
const AGAIN_MS = 15_000;
const byId = (id) => document.getElementById(id);
const problem = byId("problem");

const app = { cases: [], truncated: false, current: null, chosen: new Set(), wanted: readAddress(), palette: new Palette([]), words: null, map: null, at: null };

/* ---- what is shown, in the address ---- */

function readAddress() {
  const said = new URLSearchParams(window.location.hash.slice(1));
  return { queue: QUEUES.has(said.get("queue")) ? said.get("queue") : "open", category: said.get("category") ?? "", department: said.get("department") ?? "", find: said.get("find") ?? "", case: said.get("case") ?? "" };
}

function writeAddress() {
  const said = new URLSearchParams(Object.entries({ ...app.wanted, case: app.current ?? "" }).filter(([, value]) => value));
  window.history.replaceState(null, "", `#${said}`);
  keepHash();
}

/* ---- words ---- */

function wordsOf(machine) {
  const states = new Map(machine.states.map((one) => [one.code, label(one)]));
  const moves = new Map(machine.actions.map((one) => [one.action, one]));
  const departments = machine.departments.map((one) => ({ code: one.code, name: label(one) }));
  const names = new Map(departments.map((one) => [one.code, one.name]));
  return {
    moves, departments, states: [...states.keys()],
    state: (code) => states.get(code) ?? code,
    action: (code) => (moves.has(code) ? label({ ...moves.get(code), code }) : t(`board.system.${code}`)),
    department: (code) => names.get(code) ?? code ?? "",
  };
}

/* ---- the list ---- */

function fits({ properties }) {
  const { category, department, find } = app.wanted;
  if (category && properties.category !== category) return false;
  if (department && properties.lead !== department && !properties.assisting.includes(department)) return false;
  const words = find.trim().toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const text = [properties.number, properties.name, properties.school?.name, properties.district?.name, properties.cell_code].join(" ").toLocaleLowerCase();
  return words.every((word) => text.includes(word));
}

function chooseQueue(name) {
  const fetch = (name === "closed") !== (app.wanted.queue === "closed");
  app.wanted.queue = name;
  app.chosen.clear();
  if (fetch) app.cases = [];
  update();
  if (fetch) load();
}

const shown = () => app.cases.filter((one) => fits(one) && QUEUES.get(app.wanted.queue)(one)).sort(byUrgency);

function row(one) {
  const { properties } = one;
  const due = nextDue(properties);
  const node = el("li", { class: "case", attributes: { "data-id": one.id, "aria-current": one.id === app.current ? "true" : null }, on: { click: (event) => { if (!event.target.matches("input")) open(one.id); } } },
    el("input", { attributes: { type: "checkbox", "aria-label": t("board.choose", { number: properties.number }), checked: app.chosen.has(one.id) }, on: { change: (event) => pick(one.id, event.target.checked) } }),
    badge(app.palette.get(properties.category)),
    el("div", {},
      el("button", { class: "case__name", attributes: { type: "button" } }, properties.name || app.palette.get(properties.category).name),
      el("p", { class: "case__line" }, [properties.number, properties.school?.name, app.words.department(properties.lead)].filter(Boolean).join(" · "))),
    el("div", { class: "case__side" }, el("span", { class: properties.overdue ? "tag tag--alert" : "tag" }, app.words.state(properties.state)), el("div", {}, due === null ? null : timeLeft(new Date(due).toISOString()))));
  return node;
}

function render() {
  const fitting = app.cases.filter(fits);
  byId("queues").replaceChildren(...[...QUEUES].map(([name, holds]) => {
    const n = fitting.filter(holds).length;
    return el("button", { class: name === "overdue" && n ? "queue queue--alert" : "queue", attributes: { type: "button", "data-queue": name, "aria-pressed": String(name === app.wanted.queue) }, on: { click: () => chooseQueue(name) } }, t(`board.queue.${name}`), name === "closed" && name !== app.wanted.queue ? null : el("b", {}, n));
  }));
  const cases = shown();
  const top = byId("cases").scrollTop;
  byId("cases").replaceChildren(...(cases.length ? cases.map(row) : [el("li", { class: "case__line case" }, t("board.empty"))]));
  byId("cases").scrollTop = top;
  say(byId("state"), [app.truncated ? t("state.truncated", { n: app.cases.length }) : "", app.at ? t("board.updated", { time: dateTime(app.at) }) : ""].filter(Boolean).join(" · "));
  app.map.show(cases, app.current, app.palette);
  app.map.fit(cases, [app.wanted.queue, app.wanted.category, app.wanted.department].join());
  drawBulk(byId("bulk"), app.cases.filter((one) => app.chosen.has(one.id)), { words: app.words, done: load, clear: () => { app.chosen.clear(); render(); } });
}

function update() {
  writeAddress();
  render();
}

function pick(id, on) {
  if (on) app.chosen.add(id);
  else app.chosen.delete(id);
  render();
}

/* ---- one case ---- */

function others(feature) {
  return app.cases.filter((one) => one.id !== feature.id && one.properties.category === feature.properties.category && QUEUES.get("open")(one)).slice(0, 200);
}

async function open(id) {
  app.current = id;
  update();
  const known = app.cases.find((one) => one.id === id);
  if (known) app.map.look(known);
  try {
    say(problem);
    await showCase(byId("case"), id, { words: app.words, palette: app.palette, close, others, done: (feature) => { load(); open(feature.id); }, failed: (error) => { say(problem, error.message); problem.scrollIntoView({ block: "nearest" }); load(); } });
    byId("case").focus();
  } catch (error) {
    say(problem, error.message);
  }
}

function close() {
  const id = app.current;
  app.current = null;
  byId("case").hidden = true;
  update();
  byId("cases").querySelector(`[data-id="${id}"] .case__name`)?.focus();
}

/* ---- data ---- */

async function load() {
  try {
    const done = app.wanted.queue === "closed"; // those that are over are only fetched to be looked at
    const { features, truncated } = await getFeatures("cases", { limit: 1000, state: app.words.states.filter((code) => CLOSED.has(code) === done) }, { pages: done ? 1 : PAGES });
    Object.assign(app, { cases: features, truncated, at: new Date().toISOString() });
    render();
  } catch (error) {
    say(problem, error.message);
  }
}

/* ---- the keyboard ---- */

function step(by) {
  const cases = shown();
  if (!cases.length) return;
  const at = cases.findIndex((one) => one.id === app.current);
  const next = cases[at < 0 ? 0 : Math.min(cases.length - 1, Math.max(0, at + by))];
  open(next.id);
  byId("cases").querySelector(`[data-id="${next.id}"]`)?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=checkbox]), textarea, select")) return;
  const number = Number(event.key);
  if (event.key === "j" || event.key === "ArrowDown") step(1);
  else if (event.key === "k" || event.key === "ArrowUp") step(-1);
  else if (event.key === "Escape" && app.current) close();
  else if (event.key === "x" && app.current) pick(app.current, !app.chosen.has(app.current));
  else if (event.key === "/") byId("find").focus();
  else if (number >= 1 && number <= 9 && app.current) byId("case").querySelectorAll("[data-action]")[number - 1]?.click();
  else return;
  event.preventDefault();
});

/* ---- start ---- */

function choices(node, name, entries) {
  node.replaceChildren(el("option", { attributes: { value: "" } }, t("board.all")), ...entries.map(([code, text]) => el("option", { attributes: { value: code, selected: code === app.wanted[name] } }, text)));
  node.addEventListener("change", () => { app.wanted[name] = node.value; update(); });
}

async function begin() {
  app.map = new CaseMap(byId("map"), { choose: open });
  byId("find").value = app.wanted.find;
  byId("find").addEventListener("input", debounce(() => { app.wanted.find = byId("find").value; update(); }, 200));
  try {
    const [machine, vocabulary] = await Promise.all([get("cases/machine"), get("vocabulary")]);
    app.words = wordsOf(machine);
    app.palette = new Palette(vocabulary.hazard_categories);
  } catch (error) {
    say(problem, error.message);
    return;
  }
  choices(byId("category"), "category", app.palette.list.map((one) => [one.code, one.name]));
  choices(byId("department"), "department", app.words.departments.map((one) => [one.code, one.name]));
  await load();
  if (app.wanted.case) open(app.wanted.case);
  document.body.dataset.ready = "";
  setInterval(() => { if (!document.hidden) load(); }, AGAIN_MS);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) load(); });
}

if (pageConfig.me) begin();
