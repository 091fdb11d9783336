// The outbox as its writer sees it: what waits, what was sent, what was refused and why, and what to do about it.

import { dateTime, metres, t } from "../lib/i18n.js";
import { badge } from "../lib/symbols.js";
import { el } from "../lib/text.js";
import * as outbox from "./outbox.js";

const SHOWN = 100;
const FIELDS = ["category", "subtype", "severity", "status", "note", "name"];

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
    troubled.map((record) => trouble(app, record)),
    rest.length ? el("ul", { class: "list" }, rest.slice(0, SHOWN).map((record) => line(app, record))) : null,
    records.length ? null : el("p", { class: "soft" }, t("field.outbox_empty")),
  ];
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
  return [el("span", {}, t(`field.kind.${record.kind}`))];
}

function line(app, record) {
  return el("li", { class: "list__one" },
    el("div", { class: "list__main" }, title(app, record), el("span", { class: "soft" }, dateTime(record.written_at))),
    record.person && app.me && record.person !== app.me.id ? el("span", { class: "soft" }, t("field.others")) : null,
    el("span", { class: `state state--${record.state}` }, t(`field.state.${record.state}`)));
}

function trouble(app, record) {
  const conflict = record.state === "conflict";
  return el("section", { class: "trouble", attributes: { "data-record": record.id } },
    el("div", { class: "list__main" }, title(app, record), el("span", { class: `state state--${record.state}` }, t(`field.state.${record.state}`))),
    el("p", { attributes: { role: "alert" } }, record.lost ? t("field.photo_lost") : record.detail ?? t("field.no_reason")),
    record.errors?.length ? el("ul", { class: "soft" }, record.errors.slice(0, 5).map((one) => el("li", {}, `${one.where}: ${one.what}`))) : null,
    conflict && record.server ? both(app, record) : null,
    el("div", { class: "row" },
      record.kind === "hazard" && !conflict ? el("button", { class: "button button--primary", attributes: { type: "button" }, on: { click: () => app.tag.mend(record) } }, t("field.mend")) : null,
      conflict && record.kind === "hazard_edit" && record.server ? el("button", { class: "button button--primary", attributes: { type: "button" }, on: { click: () => mine(app, record) } }, t("field.take_mine")) : null,
      el("button", { class: "button", attributes: { type: "button" }, on: { click: () => away(app, record) } }, conflict ? t("field.take_theirs") : t("field.discard"))));
}

function both(app, record) {
  const theirs = record.server.properties;
  const words = (name, value) => (name === "category" ? app.palette.get(value).name : name === "status" ? t(`field.status.${value}`) : String(value ?? ""));
  const different = FIELDS.filter((name) => record.data[name] !== undefined && record.data[name] !== theirs[name]);
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
