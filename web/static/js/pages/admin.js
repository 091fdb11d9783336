// Who walks which cell, schools, the school calendar, exports, distance rules, checklists, accounts and the audit log.

import { change, download, get, getPage, post } from "../lib/api.js";
import { attempts } from "../lib/attempt.js";
import { dateTime, has, t } from "../lib/i18n.js";
import { keepHash } from "../lib/masthead.js";
import { addRows, fillTable, say } from "../lib/table.js";
import { el } from "../lib/text.js";
import { Calendar } from "../office/calendar.js";
import { Outbox } from "../office/outbox.js";
import { Filing } from "../office/filing.js";
import { Lists } from "../office/lists.js";
import { Rules } from "../office/rules.js";
import { Schools } from "../office/schools.js";
import { Walks } from "../office/walks.js";
import { WorkDays } from "../office/workdays.js";

const byId = (id) => document.getElementById(id);
const problem = byId("problem");
const done = byId("done");

const attempt = attempts(problem);

/* ---- tabs ---- */

const tabs = [...document.querySelectorAll("[role=tab]")];

function choose(tab) {
  say(done); // a password that was shown once is not left on the screen
  for (const one of tabs) {
    const on = one === tab;
    one.setAttribute("aria-selected", String(on));
    one.tabIndex = on ? 0 : -1;
    byId(one.getAttribute("aria-controls")).hidden = !on;
  }
  window.history.replaceState(null, "", `#${tab.getAttribute("aria-controls")}`);
  attempt(OPEN[tab.id]);
}

for (const tab of tabs) {
  tab.addEventListener("click", () => choose(tab));
  tab.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    const by = event.key === "ArrowRight" ? 1 : tabs.length - 1;
    const other = tabs[(tabs.indexOf(tab) + by) % tabs.length];
    choose(other);
    other.focus();
  });
}

/* ---- accounts ---- */

function roleTags(person) {
  return [
    ...person.roles.map((role) => el("span", { class: "tag" }, t(`role.${role}`))),
    person.disabled && el("span", { class: "tag tag--alert" }, t("admin.disabled")),
    person.invented && el("span", { class: "tag tag--off" }, t("invented.tag")),
  ];
}

function personRow(person) {
  const act = (label, work) => el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => attempt(work) } }, label);
  const patch = (body) => change("PATCH", `people/${person.id}`, body, { headers: { "If-Match": `"${person.version}"` } });
  return [
    person.name,
    person.display_name,
    roleTags(person),
    el(
      "div",
      { class: "actions" },
      act(t(person.disabled ? "admin.enable" : "admin.disable"), async () => {
        await patch({ disabled: !person.disabled });
        await listPeople();
      }),
      act(t("admin.sign_out"), async () => {
        await post(`people/${person.id}/sign-out`);
        say(done, t("admin.signed_out", { name: person.name }));
      }),
      act(t("admin.new_password"), async () => {
        const password = randomPassword();
        await patch({ password });
        await listPeople();
        showPassword(person.name, password);
      }),
    ),
  ];
}

function randomPassword() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

function showPassword(name, password) {
  say(done, t("admin.password_of", { name }), " ", el("code", {}, password), " ", t("admin.shown_once"));
}

async function listPeople() {
  const { people } = await get("people");
  fillTable(byId("people-table"), [t("signin.name"), t("admin.display_name"), t("admin.role"), ""], people.map(personRow));
}

byId("add-person")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  attempt(async () => {
    const given = new FormData(form);
    const made = await post("people", {
      id: crypto.randomUUID(),
      name: given.get("name"),
      display_name: given.get("display_name"),
      roles: [given.get("role")],
    });
    form.reset();
    await listPeople();
    showPassword(made.name, made.password);
  });
});

/* ---- the log ---- */

const searchForm = byId("search-log");
const more = byId("more-log");
let next = null;

function asked() {
  const given = Object.fromEntries([...new FormData(searchForm)].filter(([, value]) => value));
  if (given.from) given.from = new Date(`${given.from}T00:00:00`).toISOString();
  if (given.to) given.to = new Date(new Date(`${given.to}T00:00:00`).getTime() + 86_400_000).toISOString();
  return given;
}

function changes(line) {
  if (!line.before && !line.after && !line.purpose) return "";
  const text = JSON.stringify({ ...(line.purpose && { purpose: line.purpose }), ...(line.before && { before: line.before }), ...(line.after && { after: line.after }) }, null, 2);
  return el("details", {}, el("summary", {}, t("admin.show")), el("pre", {}, text));
}

function logRow(line) {
  return [
    el("span", { class: "nowrap" }, dateTime(line.at)),
    line.person || t(`channel.${line.channel}`),
    el("span", { class: "nowrap" }, has(`action.${line.action}`) ? t(`action.${line.action}`) : line.action),
    [line.subject, " ", el("span", { class: "soft" }, line.subject_uuid.slice(0, 8))],
    el("span", { class: "soft nowrap" }, line.address),
    changes(line),
  ];
}

async function searchLog() {
  const { data, next: following } = await getPage("audit", asked());
  const heads = [t("admin.when"), t("admin.who"), t("admin.action"), t("admin.record"), t("admin.address"), t("admin.changes")];
  fillTable(byId("log-table"), heads, data.lines.map(logRow));
  next = following;
  more.hidden = !next;
}

searchForm?.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(() => searchLog());
});

byId("export-log")?.addEventListener("click", () => attempt(() => download("audit/export", asked(), "audit.csv")));

more?.addEventListener("click", () =>
  attempt(async () => {
    const { data, next: following } = await getPage(next);
    addRows(byId("log-table"), data.lines.map(logRow));
    next = following;
    more.hidden = !next;
  }),
);

const walks = new Walks({ attempt, done });
const lists = new Lists({ attempt, done });
const outbox = new Outbox({ attempt, done });
const schools = new Schools({ attempt, done });
const calendar = new Calendar({ attempt, done });
const rules = new Rules({ attempt, done });

function chooseCity() {
  const city = byId("exports-city").value;
  for (const link of byId("exports-table").querySelectorAll("a")) link.search = city ? `?city=${encodeURIComponent(city)}` : "";
}
byId("exports-city").addEventListener("change", chooseCity);

const filing = new Filing({ attempt, done });
const workDays = new WorkDays({ attempt, done });
const OPEN = { "tab-filing": () => filing.open(), "tab-workdays": () => workDays.open(),
  "tab-walks": () => walks.open(), "tab-schools": () => schools.open(), "tab-calendar": () => calendar.open(), "tab-exports": chooseCity, "tab-rules": () => rules.open(), "tab-lists": () => lists.open(),
  "tab-people": () => listPeople(), "tab-outbox": () => outbox.open(), "tab-log": () => searchLog(),
};
const wanted = byId(`tab-${window.location.hash.slice(1)}`);
choose(tabs.includes(wanted) ? wanted : byId("tab-people") ?? tabs[0]);
keepHash();
