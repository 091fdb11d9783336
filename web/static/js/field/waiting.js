// The outbox as its writer sees it: what waits, what was sent, what was refused and why, and what to do about it.

import { dateTime, label, metres, nameOf, t } from "../lib/i18n.js";
import { badge } from "../lib/symbols.js";
import { el } from "../lib/text.js";
import * as outbox from "./outbox.js";
import { photoRecord, takeInAll } from "./photo.js";
import { camera } from "./shots.js";

const SHOWN = 100;
const FIELDS = ["category", "subtype", "severity", "status", "note", "name"];
const NAMED = new Set([...FIELDS, "observed_at", "started_at", "ended_at", "lon", "lat"]); // fields that have a word of their own
const REISSUED = new Set(["hazard", "sighting", "inspection"]);

export function renderOutbox(app) {
  const records = [...app.records].reverse();
  const troubled = records.filter((one) => one.state === "refused" || one.state === "conflict");
  const rest = records.filter((one) => !troubled.includes(one));
  return [
    el("h2", { class: "view__title" }, t("field.outbox")),
    app.send.phase === "signin" ? signIn() : null,
    app.me && app.send.phase !== "signin" ? el("div", { class: "row" }, el("span", {}, app.me.display_name || app.me.name),
      el("button", { class: "button", attributes: { type: "button", id: "sign-out-field" }, on: { click: () => app.signOut() } }, t("signin.out"))) : null,
    el("div", { class: "row" },
      el("button", { class: "button", attributes: { type: "button" }, on: { click: () => app.sendNow() } }, t("field.send_now")),
      el("p", { class: "soft" }, app.send.last_sent ? t("field.last_sent", { time: dateTime(app.send.last_sent) }) : t("field.never_sent"))),
    offline(app),
    app.send.clock_off_min ? el("p", { class: "warn", attributes: { id: "clock-off" } }, clockWords(app.send.clock_off_min)) : null,
    troubled.map((record) => trouble(app, record)),
    rest.length ? el("ul", { class: "list" }, rest.slice(0, SHOWN).map((record) => line(app, record))) : null,
    records.length ? null : el("p", { class: "soft" }, t("field.outbox_empty")),
  ];
}

/** Whether the app can do without a signal, and what is missing. */
function offline(app) {
  const { possible, app: here, ground } = app.offline;
  const missing = [here ? "" : "app", app.shift.known ? "" : "pack", ground ? "" : "ground"].filter(Boolean);
  const words = !possible ? t("field.offline_never")
    : missing.length ? t("field.offline_coming", { parts: missing.map((one) => t(`field.offline.${one}`)).join(t("list.comma")) }) : t("field.offline_ready");
  return el("p", { class: possible && !missing.length ? "good" : "soft", attributes: { id: "offline", "data-ready": String(possible && !missing.length) } }, words);
}

/** By how much the phone's clock is wrong: in minutes, or days where that says more. */
function clockWords(off_min) {
  const days = Math.round(Math.abs(off_min) / 1440);
  const by = days > 1 ? t("field.clock_days", { n: days }) : t("field.clock_minutes", { n: Math.abs(off_min) });
  return t(off_min > 0 ? "field.clock_ahead" : "field.clock_behind", { by });
}

function signIn() {
  return el("p", { class: "warn", attributes: { role: "alert" } }, t("field.sign_in_again"), " ",
    el("a", { class: "button button--primary", attributes: { href: "/sign-in?next=/field" } }, t("signin.in")));
}

function title(app, record) {
  if (record.kind === "hazard") {
    const look = app.palette.get(record.data.category);
    return [badge(look), el("span", {}, [look.name, app.palette.subtype(record.data.category, record.data.subtype)].filter(Boolean).join(" · "))];
  }
  const hazard = record.data.hazard && app.shift.hazards.find((one) => one.id === record.data.hazard);
  const school = record.data.school && app.shift.schools.find((one) => one.id === record.data.school);
  const of = hazard ? app.palette.called(hazard.properties) : school ? nameOf(school.properties) : "";
  return [el("span", {}, [t(`field.kind.${record.kind}`), of].filter(Boolean).join(" · "))];
}

function line(app, record) {
  return el("li", { class: "list__one" },
    el("div", { class: "list__main" }, title(app, record), el("span", { class: "soft" }, dateTime(record.written_at))),
    record.person && app.me && record.person !== app.me.id ? el("span", { class: "soft" }, t("field.others")) : null,
    el("span", { class: `state state--${record.state}` }, t(`field.state.${record.state}`)));
}

/** What is wrong with a field, by the word that the person knows it by. */
function said(app, { where, what }, data) {
  const name = (where ?? "").split(".").pop();
  if (name === "category" && !app.palette.byCode.has(data.category)) what = t("field.no_such_category"); // codes say nothing to a person
  return [NAMED.has(name) ? t(`field.of.${name}`) : where, what].filter(Boolean).join(t("field.colon"));
}

function trouble(app, record) {
  const conflict = record.state === "conflict";
  const errors = (record.errors ?? []).slice(0, 5);
  return el("section", { class: "trouble", attributes: { "data-record": record.id } },
    el("div", { class: "list__main" }, title(app, record), el("span", { class: `state state--${record.state}` }, t(`field.state.${record.state}`)), el("span", { class: "soft" }, dateTime(record.written_at))),
    record.data.note ? el("p", { class: "soft trouble__note" }, record.data.note.slice(0, 120)) : null,
    errors.length ? el("ul", { attributes: { role: "alert" } }, errors.map((one) => el("li", {}, said(app, one, record.data))))
      : el("p", { attributes: { role: "alert" } }, record.lost ? t("field.photo_lost") : record.detail ?? t("field.no_reason")),
    conflict && record.server ? both(app, record) : null,
    el("div", { class: "row" }, conflict ? settled(app, record) : mending(app, record),
      el("button", { class: "button", attributes: { type: "button" }, on: { click: () => away(app, record) } }, t(conflict ? "field.take_theirs" : "field.discard"))));
}

const primary = (text, work) => el("button", { class: "button button--primary", attributes: { type: "button" }, on: { click: work } }, text);

/** How its writer mends a refused record: each kind in the form it was written in. */
function mending(app, record) {
  if (record.kind === "photo") return camera(t("field.retake"), ([file]) => retake(app, record, file));
  const work = {
    hazard: () => app.tag.mend(record), inspection: () => mendVisit(app, record), hazard_edit: () => app.card.mendEdit(record), sighting: () => mendSighting(app, record),
    patrol_check: outbox.validTime(record.data.at) ? null : () => mendCheck(app, record),
  }[record.kind];
  return work ? primary(t(record.kind === "sighting" && outbox.validTime(record.data.observed_at) ? "field.as_new" : "field.mend"), work) : null;
}

/** A conflict of an edit goes on top of what the other wrote; of a new record, its id is taken: it gets another. */
function settled(app, record) {
  if (record.kind === "hazard_edit") return record.server ? primary(t("field.take_mine"), () => mine(app, record)) : null;
  return REISSUED.has(record.kind) ? primary(t("field.both_stay"), async () => { await outbox.reissue(record.id); app.sendNow(); }) : null;
}

async function retake(app, record, file) {
  const [photo] = await takeInAll([file], app);
  if (!photo) return;
  const { hazard, inspection } = record.data;
  await app.writeDown([photoRecord(photo, hazard ? { hazard } : { inspection })], [photo], t("field.saved"));
  await outbox.discard(record.id);
}

/** A round goes back into its form; a cell that was walked, or a track, is only given a time that can be. */
async function mendVisit(app, record) {
  if (record.data.school) {
    app.round.mend(record);
    return;
  }
  const { started_at, ended_at } = record.data;
  await outbox.mend(record.id, { ...record.data, started_at: outbox.mendedTime(started_at), ...(ended_at ? { ended_at: outbox.mendedTime(ended_at) } : {}) });
  app.sendNow();
}

/** What was said of a stop keeps its words, and gets a time that can be. */
async function mendCheck(app, record) {
  await outbox.mend(record.id, { ...record.data, at: outbox.mendedTime(record.data.at) });
  app.sendNow();
}

/** A sighting whose time cannot be gets one that can; one of a hazard that is gone becomes a hazard of its own. */
async function mendSighting(app, record) {
  if (outbox.validTime(record.data.observed_at)) {
    app.tag.fromSighting(record);
    return;
  }
  await outbox.mend(record.id, { ...record.data, observed_at: outbox.mendedTime(record.data.observed_at) });
  app.sendNow();
}

function both(app, record) {
  const theirs = record.server.properties;
  const words = (name, value) => (name === "category" ? app.palette.get(value).name : name === "status" ? t(`field.status.${value}`) : name === "severity" ? label(app.severities.find((one) => Number(one.code) === value) ?? String(value)) : String(value ?? ""));
  const different = FIELDS.filter((name) => record.data[name] !== undefined && record.data[name] !== theirs[name]);
  if (!different.length) return el("p", { class: "soft" }, t("field.same_words"));
  const rows = different.map((name) => el("tr", {}, el("th", { attributes: { scope: "row" } }, t(`field.of.${name}`)), el("td", {}, words(name, record.data[name])), el("td", {}, words(name, theirs[name]))));
  return el("table", { class: "both" },
    el("thead", {}, el("tr", {}, el("td", {}), el("th", { attributes: { scope: "col" } }, t("field.mine")), el("th", { attributes: { scope: "col" } }, t("field.theirs")))),
    el("tbody", {}, rows));
}

/** My words once more, on top of what the other wrote: a new edit, with an id of its own. */
async function mine(app, record) {
  const id = crypto.randomUUID();
  await app.writeDown([{ id, kind: "hazard_edit", data: { ...record.data, id, version: record.server.properties.version } }], [], t("field.saved"));
  await outbox.discard(record.id);
}

async function away(app, record) {
  const question = record.state === "conflict" ? t("field.take_theirs_sure") : t("field.discard_sure");
  if (await app.sure(question)) await outbox.discard(record.id);
}

export function distanceWords(distance_m) {
  return distance_m === null ? "" : metres(distance_m);
}
