// The address book: who holds which duty today and who substitutes; one's own absence and address for e-mail.

import { change, get, post } from "../lib/api.js";
import { attempts } from "../lib/attempt.js";
import { label, pageConfig, t } from "../lib/i18n.js";
import { keepHash } from "../lib/masthead.js";
import { fillTable } from "../lib/table.js";
import { el } from "../lib/text.js";
import { dutiesForm } from "../exchange/duties.js";

const byId = (id) => document.getElementById(id);
const roles = pageConfig.me?.roles ?? [];
const office = roles.includes("dispatcher") || roles.includes("admin");

const attempt = attempts(byId("problem"), byId("done"));

function holder(one) {
  const away = one.away && el("div", { class: "soft" }, one.away.substitute ? t("book.is_away", { until: one.away.until, name: one.away.substitute }) : t("book.is_away_alone", { until: one.away.until }));
  return el("div", {}, one.name, one.until ? el("span", { class: "soft" }, ` ${t("book.until", { day: one.until })}`) : "", away);
}

function holders(department, duty) {
  const held = department[duty].filter((one) => !one.deputy);
  const deputies = department[duty].filter((one) => one.deputy);
  return [
    held.length ? held.map(holder) : el("span", { class: "tag tag--alert" }, t("book.nobody")),
    deputies.length ? el("div", { class: "soft" }, t("book.deputies"), " ", deputies.map((one) => one.name).join(t("list.comma"))) : null,
  ];
}

function bookRow(department) {
  const ended = department.ended_on && el("div", {}, el("span", { class: "tag tag--off" }, t("book.ended", { day: department.ended_on })), department.open_cases ? el("a", { attributes: { href: `/board#department=${department.code}` } }, t("book.open_cases", { n: department.open_cases })) : null);
  return [
    [el("strong", {}, label(department)), department.is_convenor ? el("span", { class: "tag" }, t("book.convenor")) : null, ended],
    department.ended_on ? "" : holders(department, "leader"),
    department.ended_on ? "" : holders(department, "liaison"),
    office ? el("div", { class: "actions" }, el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => edit(department) } }, t("book.edit"))) : "",
  ];
}

async function showBook() {
  const { departments } = await get("address-book");
  fillTable(byId("book"), [t("actions.field.department"), t("book.leader"), t("book.liaison"), ""], departments.map(bookRow));
}

async function edit(department) {
  await attempt(async () => {
    const [known, { people }] = await Promise.all([get(`departments/${department.code}/duties`), get("people")]);
    byId("edit").replaceChildren(dutiesForm(label(department), known, people.filter((one) => !one.disabled), {
      cancel: () => { byId("edit").hidden = true; },
      save: (duties) => attempt(async () => {
        await change("PUT", `departments/${department.code}/duties`, { duties }, { headers: { "If-Match": `"${known.version}"` } });
        byId("edit").hidden = true;
        await showBook();
      }, t("book.saved")),
    }));
    byId("edit").hidden = false;
    byId("edit").scrollIntoView({ block: "nearest" });
  });
}

async function showAbsences() {
  const { absences, colleagues } = await get("absences");
  const option = (one) => el("option", { attributes: { value: one.id } }, one.name);
  byId("away-person")?.replaceChildren(el("option", { attributes: { value: "" } }, t("book.myself")), ...colleagues.map(option));
  byId("away-substitute").replaceChildren(el("option", { attributes: { value: "" } }, t("book.nobody")), ...colleagues.map(option));
  fillTable(byId("away-table"), [t("book.person"), t("heat.from"), t("heat.to"), t("book.substitute"), ""], absences.map((one) => [
    one.name, one.starts_on, one.ends_on, one.substitute_name ?? t("book.nobody"),
    el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => attempt(async () => { await change("DELETE", `absences/${one.id}`); await Promise.all([showAbsences(), showBook()]); }) } }, t("actions.remove")),
  ]));
}

byId("away").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value));
  attempt(async () => { await post("absences", { id: crypto.randomUUID(), ...given }); event.target.reset(); await Promise.all([showAbsences(), showBook()]); }, t("book.saved"));
});

byId("mail").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => { await change("PUT", "me/email", { email: new FormData(event.target).get("email") }); }, t("book.saved"));
});

attempt(async () => {
  const [, , mail] = await Promise.all([showBook(), showAbsences(), get("me/email")]);
  byId("mail").elements.email.value = mail.email;
  byId("mail-state").hidden = mail.email_is_sent;
});
keepHash();
