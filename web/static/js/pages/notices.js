// Information notices: inbox, sent, drafts and proposed drafts; one notice; writing one.

import { get, getPage, post } from "../lib/api.js";
import { attempts } from "../lib/attempt.js";
import { dateTime, label, language, pageConfig, t } from "../lib/i18n.js";
import { keepHash } from "../lib/masthead.js";
import { Palette, badge } from "../lib/symbols.js";
import { say } from "../lib/table.js";
import { el } from "../lib/text.js";
import { showNotice } from "../exchange/notice.js";
import { noticeForm } from "../exchange/writing.js";

const BOXES = ["inbox", "sent", "drafts", "trends", "all"];
const byId = (id) => document.getElementById(id);
const problem = byId("problem");
const roles = pageConfig.me?.roles ?? [];
const writes = roles.some((role) => ["liaison", "leader", "dispatcher", "admin"].includes(role));
const address = new URLSearchParams(window.location.hash.slice(1));
const app = { box: BOXES.includes(address.get("box")) ? address.get("box") : "inbox", current: address.get("notice"), notices: [], trends: [], next: null, palette: new Palette([]), departments: new Map() };
const named = (code) => app.departments.get(code) ?? code ?? "";

function writeAddress() {
  const said = new URLSearchParams(Object.entries({ box: app.box === "inbox" ? "" : app.box, notice: app.current ?? "" }).filter(([, value]) => value));
  window.history.replaceState(null, "", said.size ? `#${said}` : window.location.pathname);
  keepHash();
}

const attempt = attempts(problem, byId("done"));

function receipts(one) {
  if (one.state === "draft") return t("notices.draft");
  const read = one.to.filter((entry) => entry.read_at).length;
  const answered = one.to.filter((entry) => entry.answers.length).length;
  return t(one.wants_answer ? "notices.counts_answer" : "notices.counts", { read, answered, all: one.to.length });
}

function row(one) {
  return el("li", { class: one.unread ? "case case--two case--unread" : "case case--two", attributes: { "data-id": one.id, "aria-current": one.id === app.current ? "true" : null }, on: { click: () => open(one.id) } },
    one.category ? badge(app.palette.get(one.category)) : el("span"),
    el("div", {},
      el("button", { class: "case__name", attributes: { type: "button" } }, one.title),
      el("p", { class: "case__line" }, [named(one.from.department), dateTime(one.sent_at ?? one.created_at)].filter(Boolean).join(" · "))),
    el("div", { class: "case__side" }, one.unread && el("span", { class: "tag" }, t("notices.unread")), one.answer_late && el("span", { class: "tag tag--alert" }, t("notices.late")), el("div", { class: "soft" }, receipts(one))));
}

function trendRow(one) {
  return el("li", { class: "case case--two", on: { click: () => propose(one) } },
    badge(app.palette.get(one.category)),
    el("div", {}, el("button", { class: "case__name", attributes: { type: "button" } }, one.title[language]), el("p", { class: "case__line" }, one.text[language])),
    el("div", { class: "case__side" }, one.notice && el("span", { class: "tag tag--good" }, t("notices.written"))));
}

function render() {
  const boxes = BOXES.filter((box) => (box !== "drafts" && box !== "trends") || writes);
  byId("boxes").replaceChildren(...boxes.map((box) => el("button", { class: "queue", attributes: { type: "button", "data-queue": box, "aria-pressed": String(box === app.box) }, on: { click: () => choose(box) } }, t(`notices.box.${box}`))));
  const rows = app.box === "trends" ? app.trends.map(trendRow) : app.notices.map(row);
  byId("notices").replaceChildren(...(rows.length ? rows : [el("li", { class: "case case--plain case__line" }, t(app.box === "trends" ? "notices.no_trend" : "notices.empty"))]));
  byId("more").hidden = app.box === "trends" || !app.next;
}

async function load() {
  if (app.box === "trends") {
    app.trends = (await get("notices/trends")).trends;
  } else {
    const { data, next } = await getPage("notices", { box: app.box === "all" ? "" : app.box, limit: 50 });
    Object.assign(app, { notices: data.notices, next });
  }
  render();
}

function choose(box) {
  app.box = box;
  writeAddress();
  attempt(load);
}

function show(node) {
  byId("none").hidden = true;
  byId("notice").hidden = false;
  if (node) byId("notice").replaceChildren(node);
  byId("notice").focus();
}

const options = () => ({ palette: app.palette, departments: app.departments, named, attempt, close, open, write, done: async (id, words) => { await load(); await open(id); say(byId("done"), words); } });

async function open(id) {
  app.current = id;
  writeAddress();
  render();
  await attempt(async () => {
    const seen = await get(`notices/${id}`);
    const notice = seen.allowed.includes("read") ? await post(`notices/${id}/read`) : seen;
    if (notice !== seen) await load();
    show(showNotice(notice, options()));
  });
}

function write(known = null) {
  show(noticeForm(known, options()));
  byId("notice").querySelector("input")?.focus();
}

function propose(one) {
  if (one.notice) {
    open(one.notice);
    return;
  }
  app.current = null;
  write({ title: one.title[language], body: one.text[language], category: one.category, to: [], trend: { category: one.category, district: one.district, week: one.week } });
}

function close() {
  const id = app.current;
  app.current = null;
  byId("notice").hidden = true;
  byId("none").hidden = false;
  writeAddress();
  render();
  byId("notices").querySelector(`[data-id="${id}"] .case__name`)?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !byId("notice").hidden && !event.target.matches("input, textarea, select")) close();
});
byId("new")?.addEventListener("click", async () => { await begun; app.current = null; render(); write(); }); // a form needs the departments
byId("more").addEventListener("click", () => attempt(async () => {
  const { data, next } = await getPage(app.next);
  app.notices.push(...data.notices);
  app.next = next;
  render();
}));

const begun = attempt(async () => {
  const [{ departments }, vocabulary] = await Promise.all([get("departments"), get("vocabulary")]);
  app.departments = new Map(departments.map((one) => [one.code, label(one)]));
  app.palette = new Palette(vocabulary.hazard_categories);
  await load();
  if (app.current) await open(app.current);
});
keepHash();
