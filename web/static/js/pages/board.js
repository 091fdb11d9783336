// The board: the queue of cases as list and map together, one case, and what is done with it.

import { get, getPage } from "../lib/api.js";
import { dateTime, label, pageConfig, t } from "../lib/i18n.js";
import { follow } from "../lib/live.js";
import { keepHash } from "../lib/masthead.js";
import { Palette, badge } from "../lib/symbols.js";
import { say } from "../lib/table.js";
import { debounce, el } from "../lib/text.js";
import { drawBulk } from "../board/bulk.js";
import { CaseMap } from "../board/casemap.js";
import { showCase } from "../board/casepage.js";
import { nextTime } from "../board/clock.js";

const QUEUES = ["open", "mine", "new", "dispatch", "today", "overdue", "returned", "handling", "check", "closed"];
const FILTERS = ["category", "department", "district", "find", "school", "bbox"];
const PAGE = 50;
const MOST = 200;
const QUIET_MS = 8_000; // however much changes, the queue is read anew no more often than that
const NEAR_DEG = 0.02;
const byId = (id) => document.getElementById(id);
const problem = byId("problem");

const app = { cases: [], next: null, counts: {}, current: null, chosen: new Map(), told: null, wanted: readAddress(), palette: new Palette([]), words: null, map: null, at: null, live: false, asked: 0, read: 0, later: null };

/* ---- what is shown, in the address ---- */

function readAddress() {
  const said = new URLSearchParams(window.location.hash.slice(1));
  const wanted = Object.fromEntries([...FILTERS, "case"].map((name) => [name, said.get(name) ?? ""]));
  return { queue: QUEUES.includes(said.get("queue")) ? said.get("queue") : "open", ...wanted };
}

function writeAddress() {
  const said = new URLSearchParams(Object.entries({ ...app.wanted, case: app.current ?? "" }).filter(([, value]) => value));
  window.history.replaceState(null, "", `#${said}`);
  keepHash();
}

const filters = () => {
  const { category, department, district, school, bbox, find } = app.wanted;
  return { category, department, district, school, bbox, q: find };
};

/* ---- words ---- */

function wordsOf(machine) {
  const states = new Map(machine.states.map((one) => [one.code, label(one)]));
  const moves = new Map(machine.actions.map((one) => [one.action, one]));
  const departments = machine.departments.map((one) => ({ code: one.code, name: label(one) }));
  const names = new Map(departments.map((one) => [one.code, one.name]));
  return {
    moves, departments,
    state: (code) => states.get(code) ?? code,
    action: (code) => (moves.has(code) ? label({ ...moves.get(code), code }) : t(`board.system.${code}`)),
    department: (code) => names.get(code) ?? code ?? "",
  };
}

/* ---- the list ---- */

function row(one) {
  const { properties } = one;
  return el("li", { class: "case", attributes: { "data-id": one.id, "aria-current": one.id === app.current ? "true" : null }, on: { click: (event) => { if (!event.target.matches("input")) open(one.id); } } },
    el("input", { attributes: { type: "checkbox", "aria-label": t("board.choose", { number: properties.number }), checked: app.chosen.has(one.id) }, on: { change: (event) => pick(one, event.target.checked) } }),
    badge(app.palette.get(properties.category)),
    el("div", {},
      el("button", { class: "case__name", attributes: { type: "button" } }, properties.name || app.palette.get(properties.category).name),
      el("p", { class: "case__line" }, [properties.number, properties.school?.name, app.words.department(properties.lead)].filter(Boolean).join(" · "))),
    el("div", { class: "case__side" }, el("span", { class: properties.overdue ? "tag tag--alert" : "tag" }, app.words.state(properties.state)), el("div", {}, nextTime(properties))));
}

function drawQueues() {
  byId("queues").replaceChildren(...QUEUES.map((name) => {
    const n = app.counts[name];
    return el("button", { class: name === "overdue" && n ? "queue queue--alert" : "queue", attributes: { type: "button", "data-queue": name, "aria-pressed": String(name === app.wanted.queue) }, on: { click: () => { app.chosen.clear(); change({ queue: name }); } } }, t(`board.queue.${name}`), n === undefined ? null : el("b", {}, n));
  }));
}

/** Filters that have no control of their own: they come with a link, and are taken away here. */
function drawChips() {
  const said = { school: app.cases.find((one) => one.properties.school?.id === app.wanted.school)?.properties.school.name ?? t("board.one_school") };
  byId("chips").replaceChildren(...["school"].filter((name) => app.wanted[name]).map((name) => el("button", { class: "chip", attributes: { type: "button", "data-chip": name, title: t("board.without") }, on: { click: () => change({ [name]: "" }) } }, `${said[name]} ×`)));
}

function draw() {
  drawQueues();
  drawChips();
  const list = byId("cases");
  const top = list.scrollTop;
  list.replaceChildren(...(app.cases.length ? app.cases.map(row) : [el("li", { class: "case case--more case__line" }, t("board.empty"))]));
  if (app.next) list.append(el("li", { class: "case case--more" }, el("button", { class: "button", attributes: { type: "button", id: "more" }, on: { click: more } }, t("board.more"))));
  list.scrollTop = top;
  const n = app.counts[app.wanted.queue];
  say(byId("state"), [n > app.cases.length ? t("board.shown", { n: app.cases.length, all: n }) : "", app.at ? app.live ? t("board.live", { time: dateTime(app.at) }) : t("board.updated", { time: dateTime(app.at) }) : ""].filter(Boolean).join(" · "));
  app.map.show(app.cases, app.current, app.palette);
  const choose = (told) => { app.chosen.clear(); app.told = told; };
  drawBulk(byId("bulk"), { chosen: [...app.chosen.values()], told: app.told }, { words: app.words, done: (told) => { choose(told); load(); }, clear: () => { choose(null); draw(); } });
}

function change(wanted) {
  Object.assign(app.wanted, wanted);
  writeAddress();
  drawQueues();
  load({ fresh: true });
}

function pick(one, on) {
  app.told = null;
  if (on) app.chosen.set(one.id, one);
  else app.chosen.delete(one.id);
  draw();
}

/* ---- one case ---- */

async function mayGoOn({ id, geometry, properties }) {
  const [lon, lat] = geometry.coordinates;
  const bbox = [lon - NEAR_DEG, lat - NEAR_DEG, lon + NEAR_DEG, lat + NEAR_DEG].join();
  const { features } = await get("cases/queue", { category: properties.category, bbox, limit: MOST });
  const same = new Set(properties.perhaps_the_same);
  return features.filter((one) => one.id !== id).sort((a, b) => same.has(b.id) - same.has(a.id));
}

/** Whether a form of the open case is being filled in: then it is left alone, and a line says that there is news. */
function newsBesideForm() {
  if (!byId("case").querySelector(".move-form")) return false;
  byId("case").querySelector(".case__news").hidden = false;
  return true;
}

/** Something was refused, and the page of the case has said so: where somebody was faster, that there is news. */
function refused({ status }) {
  if (status === 409 || status === 412) byId("case").querySelector(".case__news").hidden = false;
  load();
}

async function open(id, { quiet = false } = {}) {
  const again = app.current === id;
  app.current = id;
  writeAddress();
  if (!again) draw();
  const known = app.cases.find((one) => one.id === id);
  if (known && !again) app.map.look(known);
  try {
    say(problem);
    const wanted = () => app.current === id && !(quiet && newsBesideForm());
    await showCase(byId("case"), id, { wanted, words: app.words, palette: app.palette, close, mayGoOn, done: (feature) => { load(); open(feature.id); }, failed: refused });
    if (!quiet && app.current === id) byId("case").focus();
  } catch (error) {
    say(problem, error.message);
  }
}

function close() {
  const id = app.current;
  app.current = null;
  byId("case").hidden = true;
  writeAddress();
  draw();
  byId("cases").querySelector(`[data-id="${id}"] .case__name`)?.focus();
}

/* ---- data ---- */

async function load({ fresh = false } = {}) {
  clearTimeout(app.later);
  app.later = null;
  app.read = Date.now();
  const asked = (app.asked += 1);
  const limit = fresh ? PAGE : Math.min(MOST, Math.max(PAGE, app.cases.length));
  try {
    const { data, next } = await getPage("cases/queue", { queue: app.wanted.queue, ...filters(), counts: true, limit });
    if (asked !== app.asked) return; // something else was wanted meanwhile
    Object.assign(app, { cases: data.features, next, counts: data.counts, at: data.as_of });
    for (const one of data.features) if (app.chosen.has(one.id)) app.chosen.set(one.id, one);
    if (fresh) byId("cases").scrollTop = 0;
    draw();
    if (!app.wanted.bbox) app.map.fit(app.cases, [app.wanted.queue, ...FILTERS.map((name) => app.wanted[name])].join());
  } catch (error) {
    if (asked === app.asked) say(problem, error.message);
  }
}

async function more() {
  const asked = app.asked;
  try {
    const { data, next } = await getPage(app.next);
    if (asked !== app.asked) return;
    app.cases.push(...data.features);
    app.next = next;
    draw();
  } catch (error) {
    say(problem, error.message);
  }
}

/** Something has changed: the open case is shown anew at once, the queue at most every few seconds. */
function changed({ cases = [], all = false }) {
  if (app.current && cases.includes(app.current) && !newsBesideForm()) open(app.current, { quiet: true });
  if (app.current && all && !byId("case").querySelector(".move-form")) open(app.current, { quiet: true });
  if (app.later) return;
  const wait = Math.max(0, app.read + QUIET_MS - Date.now());
  app.later = setTimeout(() => load(), wait ? wait + Math.random() * 2_000 : 0); // not everybody at the same moment
}

/* ---- the keyboard ---- */

function step(by) {
  if (!app.cases.length) return;
  const at = app.cases.findIndex((one) => one.id === app.current);
  const next = app.cases[at < 0 ? 0 : Math.min(app.cases.length - 1, Math.max(0, at + by))];
  open(next.id);
  byId("cases").querySelector(`[data-id="${next.id}"]`)?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=checkbox]), textarea, select")) return;
  const number = Number(event.key);
  if (event.key === "j" || event.key === "ArrowDown") step(1);
  else if (event.key === "k" || event.key === "ArrowUp") step(-1);
  else if (event.key === "Escape" && app.current) close();
  else if (event.key === "x" && app.current) {
    const one = app.cases.find(({ id }) => id === app.current);
    if (one) pick(one, !app.chosen.has(one.id));
  } else if (event.key === "/") byId("find").focus();
  else if (number >= 1 && number <= 9 && app.current) byId("case").querySelectorAll("[data-action]")[number - 1]?.click();
  else return;
  event.preventDefault();
});

window.addEventListener("beforeprint", () => { // who printed it, and when
  const foot = byId("case").querySelector(".case__foot");
  if (foot) foot.textContent = t("board.print_foot", { name: pageConfig.me.display_name || pageConfig.me.name, time: dateTime(new Date().toISOString()) });
});

/* ---- start ---- */

function choices(name, entries) {
  const node = byId(name);
  node.replaceChildren(el("option", { attributes: { value: "" } }, t("board.all")), ...entries.map(([code, text]) => el("option", { attributes: { value: code } }, text)));
  node.value = app.wanted[name];
  node.addEventListener("change", () => change({ [name]: node.value }));
}

function showAddress() {
  for (const name of ["category", "department", "district"]) byId(name).value = app.wanted[name];
  byId("find").value = app.wanted.find;
  byId("in-view").checked = Boolean(app.wanted.bbox);
}

async function begin() {
  app.map = new CaseMap(byId("map"), { choose: open, moved: (bbox) => { if (app.wanted.bbox) change({ bbox }); } });
  byId("find").addEventListener("input", debounce(() => change({ find: byId("find").value.trim() }), 250));
  byId("in-view").addEventListener("change", () => change({ bbox: byId("in-view").checked ? app.map.view() : "" }));
  try {
    const [machine, vocabulary] = await Promise.all([get("cases/machine"), get("vocabulary")]);
    app.words = wordsOf(machine);
    app.palette = new Palette(vocabulary.hazard_categories);
    choices("category", app.palette.list.map((one) => [one.code, one.name]));
    choices("department", app.words.departments.map((one) => [one.code, one.name]));
    choices("district", machine.districts.map((one) => [one.code, one.name]));
  } catch (error) {
    say(problem, error.message);
    return;
  }
  showAddress();
  if (app.wanted.bbox) app.map.lookAt(app.wanted.bbox);
  await load();
  if (app.wanted.case) open(app.wanted.case);
  window.addEventListener("hashchange", () => { // a link to another queue or case, or the way back
    app.wanted = readAddress();
    showAddress();
    load({ fresh: true });
    if (app.wanted.case) open(app.wanted.case);
  });
  follow(`${pageConfig.api ?? "/api/v1"}/cases/changes`, { changed, state: (live) => { app.live = live; draw(); } });
  document.body.dataset.ready = "";
}

if (pageConfig.me) begin();
