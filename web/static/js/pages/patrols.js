// The page of who plans patrols: ask for a plan, watch it grow, change it by hand, hand it out; calendar, posts, results.

import { change, get, post } from "../lib/api.js";
import { today } from "../lib/days.js";
import { language, t } from "../lib/i18n.js";
import { keepHash } from "../lib/masthead.js";
import { say } from "../lib/table.js";
import { el } from "../lib/text.js";
import { drawCalendar } from "../patrols/calendar.js";
import { colourOf } from "../patrols/colours.js";
import { WantedForm } from "../patrols/form.js";
import { PlanMap } from "../patrols/planmap.js";
import { Posts } from "../patrols/posts.js";
import { drawResults } from "../patrols/results.js";
import { drawStops } from "../patrols/stoplist.js";
import { drawTimeline } from "../patrols/timeline.js";

const AGAIN_MS = 700;
const VIEWS = ["plan", "calendar", "posts", "results"];
const byId = (id) => document.getElementById(id);
const app = { view: "plan", plan: null, changes: new Map(), chosen: null, people: [], turn: 0, wish: null, sent: null };
const city = () => byId("city")?.value;
const fail = (error) => { say(byId("problem"), error.message); };
const hint = (words) => say(byId("hint"), ...(words ? [words] : []));

const map = new PlanMap(byId("map"), { choose: (id) => choose(id), move: (id, [lon, lat]) => note(id, { lon, lat }) });
const askPlace = (take) => { hint(t("patrols.click_map")); map.ask((place) => { hint(); take(place); }); };
const form = new WantedForm({ askPlace, make });
const posts = new Posts(byId("panel-posts"), { city, fail, askPlace });

/* ---- a plan ---- */

/** The stops of the plan, with the changes that wait to be sent. */
function stopsNow() {
  const known = (app.plan?.features ?? []).filter((one) => one.properties.is !== "route").map((one) => {
    const [lon, lat] = one.geometry.coordinates;
    return { id: one.id, lon, lat, ...one.properties };
  });
  const best = new Map((app.plan?.progress?.teams ?? []).flatMap((own, at) => own.map((id, order) => [id, { team: at + 1, order: order + 1 }])));
  const all = known.map((one) => ({ ...one, ...(app.plan.progress ? { team: null, order: null, ...best.get(one.id) } : {}) }));
  for (const [id, said] of app.changes) {
    const at = all.findIndex((one) => one.id === id);
    const before = at < 0 ? { id, kind: "hand", school: "", name: "", number: all.length, team: null, order: null, windows: [], dismissals: [], reason: { why: "pinned" }, is: "left out" } : all[at];
    const pinned = said.team === undefined ? before.pinned : said.team || null;
    const after = { ...before, ...said, team: before.team, pinned: said.dropped ? null : pinned, dropped: said.dropped ?? before.dropped, changed: true };
    if (at < 0) all.push(after);
    else all[at] = after;
  }
  return all.map((one) => ({ ...one, title: `${one.school} ${one.kind === "hazard" && one.name.length === 3 ? t("patrols.kind.hazard") : one.name}`.trim() || t(`patrols.kind.${one.kind}`) }));
}

function draw({ fit = false } = {}) {
  const { plan } = app;
  const stops = stopsNow();
  const lines = app.changes.size || plan?.progress ? [] : (plan?.features ?? []).filter((one) => one.properties.is === "route").map((one) => ({ team: one.properties.team, coordinates: one.geometry.coordinates }));
  map.show(stops, lines, app.chosen);
  const inside = stops.filter((one) => one.team);
  if (fit) map.fit(inside.length ? inside : stops);
  drawTimeline(byId("timeline"), plan, stops, { chosen: app.chosen, choose });
  byId("legend").replaceChildren(...(plan?.team_list ?? []).map((team) => {
    const mark = el("span", { class: "swatch-team" });
    mark.style.background = colourOf(team.number);
    return el("li", {}, mark, team.name || t("patrols.team_n", { n: team.number }));
  }));
  byId("plan").replaceChildren(...(plan ? planParts(plan, stops) : []));
  showProgress(plan);
}

function planParts(plan, stops) {
  const { outcome } = plan;
  const editable = plan.state === "ready" || plan.state === "failed";
  const words = plan.state === "failed" ? t("patrols.failed", { why: plan.problem }) : outcome.stops === undefined ? "" : [
    t("patrols.outcome", { stops: outcome.stops, out: outcome.left_out }),
    outcome.posts ? t("patrols.outcome_posts", { manned: outcome.posts - outcome.unmanned, posts: outcome.posts }) : "",
    outcome.gap === 0 ? t("patrols.optimal") : t("patrols.not_proved"),
  ].filter(Boolean).join(t("patrols.stop_mark"));
  const link = (kind, text) => el("a", { class: "button", attributes: { href: `/api/v1/patrols/plans/${plan.id}.${kind}?lang=${language}`, target: kind === "html" ? "_blank" : null } }, text);
  return [
    el("h2", {}, `${plan.day} ${plan.name}`.trim(), " ", el("span", { class: `state-tag state-tag--${plan.state}` }, t(`patrols.state.${plan.state}`))),
    words ? el("p", { class: plan.state === "failed" ? "warn" : "soft" }, words) : null,
    plan.warnings.map((one) => el("p", { class: "soft" }, `⚠ ${one}`)),
    app.changes.size ? el("div", { class: "pending" }, el("p", {}, t("patrols.pending", { n: app.changes.size })),
      el("button", { class: "button button--primary", attributes: { type: "button", id: "plan-again" }, on: { click: planAgain } }, t("patrols.plan_again")),
      el("button", { class: "button", attributes: { type: "button" }, on: { click: () => { app.changes.clear(); draw(); } } }, t("patrols.forget"))) : null,
    plan.state !== "planning" ? el("div", { class: "row-line" },
      editable ? el("button", { class: "button", attributes: { type: "button" }, on: { click: addStop } }, t("patrols.add_stop")) : null,
      plan.state === "ready" && !app.changes.size ? el("button", { class: "button button--primary", attributes: { type: "button", id: "publish" }, on: { click: () => patch({ state: "published" }) } }, t("patrols.publish")) : null,
      plan.state === "published" ? el("button", { class: "button", attributes: { type: "button" }, on: { click: () => patch({ state: "withdrawn" }) } }, t("patrols.withdraw")) : null) : null,
    outcome.stops && plan.state !== "planning" ? el("div", { class: "row-line files" }, link("html", t("patrols.sheets")), link("gpx", "GPX"), link("geojson", "GeoJSON"), link("ics", t("patrols.ics"))) : null,
    plan.state !== "planning" && app.people.length && plan.state !== "withdrawn" ? members(plan) : null,
    ...drawStops(plan, stops, { chosen: app.chosen, choose, change: note, editable }),
  ].flat().filter(Boolean);
}

/** Who is in each team; a team of a published plan sees its shift at once. */
function members(plan) {
  const chosen = plan.team_list.map((team) => new Set(team.members));
  return el("details", { class: "members" }, el("summary", {}, t("patrols.members")), plan.team_list.map((team, at) => el("fieldset", {}, el("legend", {}, team.name || t("patrols.team_n", { n: team.number })),
    app.people.map((one) => el("label", { class: "check" }, el("input", { attributes: { type: "checkbox", checked: chosen[at].has(one.id) }, on: { change: (event) => { if (event.target.checked) chosen[at].add(one.id); else chosen[at].delete(one.id); } } }), el("span", {}, one.name))))),
  el("button", { class: "button", attributes: { type: "button" }, on: { click: () => patch({ members: chosen.map((own) => [...own]) }) } }, t("patrols.save_members")));
}

function showProgress(plan) {
  const on = plan?.state === "planning";
  byId("progress").hidden = !on;
  if (!on) return;
  byId("bar").value = plan.progress?.done ?? 0;
  say(byId("progress-words"), plan.progress?.iterations ? t("patrols.so_far", { stops: plan.progress.stops, manned: plan.progress.manned }) : t("patrols.gathering"));
}

function choose(id) {
  app.chosen = app.chosen === id ? null : id;
  draw();
  const item = document.querySelector(`[data-stop="${CSS.escape(id)}"]`);
  if (app.chosen) {
    item?.scrollIntoView({ block: "nearest" });
    const stop = stopsNow().find((one) => one.id === id);
    if (stop) map.look(stop);
  }
}

function note(id, said) {
  if (app.plan?.state !== "ready" && app.plan?.state !== "failed") {
    draw(); // back to where it was
    return;
  }
  app.changes.set(id, { ...app.changes.get(id), ...said });
  app.chosen = id;
  draw();
}

function addStop() {
  askPlace(([lon, lat]) => note(crypto.randomUUID(), { lon, lat, name: t("patrols.kind.hand") }));
}

/** One change after another, each to the version that the last one left: two quick clicks are no quarrel with oneself. */
async function patch(body) {
  say(byId("problem"));
  const { id } = app.plan;
  const before = app.sent;
  app.sent = (async () => {
    await before;
    if (app.plan?.id !== id) return; // another plan was opened meanwhile
    try {
      app.plan = await change("PATCH", `patrols/plans/${id}`, body, { headers: { "If-Match": `"${app.plan.version}"` } });
      app.changes.clear();
      draw();
      watch(id).catch(fail);
    } catch (error) { fail(error); }
  })();
  await app.sent;
}

const planAgain = () => patch({ stops: [...app.changes].map(([id, said]) => ({ id, ...said })) });

/** Ask again and again while a plan is made, and draw the best so far. */
async function watch(id) {
  const turn = (app.turn += 1);
  for (;;) {
    const first = app.plan?.id !== id;
    const before = app.plan?.state;
    const found = await get(`patrols/plans/${id}`);
    if (turn !== app.turn) return;
    app.plan = found;
    draw({ fit: first || (before === "planning" && found.state !== "planning") });
    if (found.state !== "planning") break;
    await new Promise((done) => { setTimeout(done, AGAIN_MS); });
  }
  if (app.wish && app.plan.state === "ready") {
    note(crypto.randomUUID(), app.wish);
    app.wish = null;
  }
  await listPlans(id);
}

async function make(bodies) {
  say(byId("problem"));
  try {
    for (const body of bodies) await post("patrols/plans", { ...body, city: city() });
    byId("wanted").hidden = true;
    await open(bodies[0].id);
  } catch (error) {
    fail(error);
    if (error.errors?.length) byId("problem").append(el("ul", {}, error.errors.slice(0, 3).map((one) => el("li", {}, `${one.where}: ${one.what}`))));
  }
}

async function open(id) {
  app.changes.clear();
  app.chosen = null;
  byId("wanted").hidden = true;
  show("plan");
  window.history.replaceState(null, "", `#plan=${id}`);
  keepHash();
  try {
    await watch(id);
  } catch (error) { fail(error); }
}

async function listPlans(current) {
  const { plans } = await get("patrols/plans", { city: city(), limit: 50 });
  const chooser = byId("plans");
  chooser.replaceChildren(el("option", { attributes: { value: "" } }, t(plans.length ? "patrols.choose_plan" : "patrols.no_plans")),
    ...plans.map((one) => el("option", { attributes: { value: one.id, selected: one.id === current } }, `${one.day} · ${t(`patrols.state.${one.state}`)} · ${t("patrols.teams_n", { n: one.teams })}${one.name ? ` · ${one.name}` : ""}`)));
  return plans;
}

/* ---- the other views ---- */

function show(view) {
  app.view = view;
  for (const button of document.querySelectorAll(".view")) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  for (const name of VIEWS) byId(`panel-${name}`).hidden = name !== view;
  byId("main").dataset.view = view;
  byId("wide-view").hidden = view !== "calendar" && view !== "results";
  byId("timeline").hidden = view !== "plan";
  if (view !== "results") map.showCells({ type: "FeatureCollection", features: [] });
}

function period(first, last, redraw) {
  const field = (name, value, words) => el("label", { class: "field" }, el("span", {}, words), el("input", { attributes: { type: "date", name, value }, on: { change: redraw } }));
  return [field("from", first, t("heat.from")), last === null ? null : field("to", last, t("heat.to"))];
}

async function showCalendar() {
  const panel = byId("panel-calendar");
  const from = panel.querySelector("[name=from]")?.value || today();
  const every = panel.querySelector("[name=every]")?.value || 10;
  try {
    const found = await get("patrols/calendar", { city: city(), from, days: 14, every_days: every });
    panel.replaceChildren(el("h2", {}, t("patrols.view.calendar")), el("p", { class: "soft" }, t("patrols.calendar_help")), el("div", { class: "wanted" }, ...period(from, null, showCalendar).filter(Boolean),
      el("label", { class: "field" }, el("span", {}, t("patrols.every_days")), el("input", { attributes: { type: "number", name: "every", min: 1, max: 60, value: every }, on: { change: showCalendar } }))));
    byId("wide-view").replaceChildren(...drawCalendar(found, open));
  } catch (error) { fail(error); }
}

async function showResults() {
  const panel = byId("panel-results");
  const from = panel.querySelector("[name=from]")?.value || today(-28);
  const to = panel.querySelector("[name=to]")?.value || today();
  try {
    const found = await get("patrols/results", { city: city(), from, to });
    panel.replaceChildren(el("h2", {}, t("patrols.view.results")), el("p", { class: "soft" }, t("patrols.results_help")), el("div", { class: "wanted" }, ...period(from, to, showResults)));
    byId("wide-view").replaceChildren(...drawResults(found));
    map.showCells(found.dosage);
  } catch (error) { fail(error); }
}

const DRAW = { plan: () => draw(), calendar: showCalendar, posts: () => posts.show().catch(fail), results: showResults };

for (const button of document.querySelectorAll(".view")) {
  button.addEventListener("click", () => {
    say(byId("problem"));
    show(button.dataset.view);
    DRAW[app.view]();
  });
}
byId("plans").addEventListener("change", (event) => { if (event.target.value) open(event.target.value); });
byId("new-plan").addEventListener("click", () => {
  app.turn += 1;
  Object.assign(app, { plan: null, chosen: null });
  app.changes.clear();
  byId("plans").value = "";
  byId("wanted").hidden = false;
  draw();
});
byId("stop-search").addEventListener("click", () => {
  change("PATCH", `patrols/plans/${app.plan.id}`, { stop_search: true }, { headers: { "If-Match": `"${app.plan.version}"` } }).catch(fail);
});
byId("city")?.addEventListener("change", () => { app.plan = null; listPlans().then(() => DRAW[app.view](), fail); });

/** A place that another page leads here with, as longitude and latitude; null where there is none, or it is no place. */
function placeSaid(said) {
  const [lon, lat] = (said.get("at") ?? "").split(",").map(Number);
  if (!said.get("at") || !(Math.abs(lon) <= 180 && Math.abs(lat) <= 90)) return null;
  return { lon, lat, name: (said.get("name") ?? "").slice(0, 200) || t("patrols.kind.hand") };
}

/** The place becomes a stop of the plan that is asked for next: the rest of the teams' hour is planned around it. */
function wish(place) {
  app.wish = place;
  byId("wanted").hidden = false;
  map.look(place);
  hint(t("patrols.wish", { name: place.name }));
}

async function start() {
  try {
    const said = new URLSearchParams(window.location.hash.slice(1));
    const wanted = said.get("plan");
    const chooser = byId("city");
    if (chooser && [...chooser.options].some((one) => one.value === said.get("city"))) chooser.value = said.get("city");
    const place = placeSaid(said);
    const [plans, { people }] = await Promise.all([listPlans(wanted), get("patrols/people")]);
    app.people = people;
    const first = wanted ?? plans[0]?.id;
    if (place) wish(place);
    else if (first) await open(first);
    else byId("wanted").hidden = false;
  } catch (error) { fail(error); }
  document.body.dataset.ready = "";
}

start();
