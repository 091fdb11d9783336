// One notice: its text and files, who has read and answered it, and what the reader may do with it.

import { change, post } from "../lib/api.js";
import { count, dateTime, t } from "../lib/i18n.js";
import { fillTable } from "../lib/table.js";
import { el } from "../lib/text.js";

function receiptsOf(notice, named) {
  const table = el("table", { class: "table table--small table--records" });
  fillTable(table, ["department", "read", "answer", "reminded"].map((name) => t(`notices.head.${name}`)), notice.to.map((entry) => [
    named(entry.department),
    entry.read_by.length ? entry.read_by.map((one) => el("div", {}, one.person, " ", el("span", { class: "soft" }, dateTime(one.at)))) : el("span", { class: "tag tag--off" }, t("notices.not_read")),
    entry.answers.length ? entry.answers.map((one) => el("div", {}, el("p", { class: "pre" }, one.text), el("p", { class: "soft" }, [one.person, dateTime(one.at)].filter(Boolean).join(" · ")))) : notice.wants_answer ? el("span", { class: "tag tag--off" }, t("notices.not_answered")) : null,
    entry.reminded_at.length ? el("span", { class: "soft" }, t("notices.reminded_n", { n: entry.reminded_at.length, time: dateTime(entry.reminded_at.at(-1)) })) : null,
  ]));
  return el("div", { class: "table-holder" }, table);
}

const size = (bytes) => t("notices.size", { n: count(Math.max(1, Math.round(bytes / 1000))) });

export function filesOf(files) {
  if (!files?.length) return null;
  return el("ul", { class: "files" }, files.map((file) => el("li", {}, el("a", { attributes: { href: file.url, download: file.name } }, file.name), " ", el("span", { class: "soft" }, size(file.size_bytes)))));
}

/** Who speaks for several departments answers for each of them, or says for which. */
function forWhom(notice, named) {
  if (notice.answers_for.length < 2) return null;
  const select = el("select", { attributes: { name: "department" } },
    el("option", { attributes: { value: "" } }, notice.answers_for.map(named).join(t("notices.and"))),
    notice.answers_for.map((code) => el("option", { attributes: { value: code } }, named(code))));
  return el("label", { class: "field" }, el("span", {}, t("notices.answer_for")), select);
}

function answerForm(notice, { attempt, done, named }) {
  const whom = forWhom(notice, named);
  const text = el("textarea", { attributes: { name: "text", required: true, maxlength: 10000 } });
  const id = crypto.randomUUID();
  return el("form", { class: "move-form", on: { submit: (event) => {
    event.preventDefault();
    attempt(async () => { await post(`notices/${notice.id}/answers`, { id, text: text.value, department: whom?.querySelector("select").value || null }); await done(notice.id, t("notices.answered")); });
  } } }, whom, el("label", { class: "field" }, el("span", {}, t("notices.your_answer")), text), el("div", { class: "moves" }, el("button", { class: "button button--primary", attributes: { type: "submit" } }, t("notices.answer"))));
}

/** @param {object} options palette, named(code), attempt, close, write(notice), done(id, words) */
export function showNotice(notice, options) {
  const { palette, named, attempt, close, write, done } = options;
  const may = (what) => notice.allowed.includes(what);
  const match = { headers: { "If-Match": `"${notice.version}"` } };
  const button = (name, run, primary = false) => el("button", { class: primary ? "button button--primary" : "button", attributes: { type: "button", "data-do": name }, on: { click: () => attempt(run) } }, t(`notices.do.${name}`));
  const place = notice.place ? `${notice.place.lat.toFixed(5)}, ${notice.place.lon.toFixed(5)}` : "";
  const facts = [
    ["from", [named(notice.from.department), notice.from.person].filter(Boolean).join(" · ")],
    ["sent", notice.sent_at ? dateTime(notice.sent_at) : t("notices.draft")],
    ["category", notice.category && palette.get(notice.category).name],
    ["place", [notice.address, place].filter(Boolean).join(" · ")],
    ["answer_by", notice.answer_by ? dateTime(notice.answer_by) : notice.wants_answer ? t("notices.wanted") : ""],
  ].filter(([, value]) => value);
  return el("div", {},
    el("div", { class: "case__head" }, el("h2", {}, notice.title), el("button", { class: "button", attributes: { type: "button", id: "close" }, on: { click: close } }, t("board.close"))),
    el("dl", { class: "facts" }, facts.map(([name, value]) => [el("dt", {}, t(`notices.fact.${name}`)), el("dd", {}, value, name === "answer_by" && notice.answer_late ? el("span", { class: "tag tag--alert" }, t("notices.late")) : null)])),
    el("p", { class: "pre notice-text" }, notice.body),
    filesOf(notice.files),
    el("div", { class: "moves" },
      may("send") && button("send", async () => { await change("PATCH", `notices/${notice.id}`, { send: true }, match); await done(notice.id, t("notices.sent")); }, true),
      may("change") && el("button", { class: "button", attributes: { type: "button" }, on: { click: () => write(notice) } }, t("notices.do.change")),
      may("discard") && button("discard", async () => { await change("DELETE", `notices/${notice.id}`, undefined, match); close(); window.location.reload(); }),
      may("remind") && button("remind", async () => { await post(`notices/${notice.id}/reminders`, { id: crypto.randomUUID() }); await done(notice.id, t("notices.reminded")); })),
    el("h3", {}, t("notices.receipts")), receiptsOf(notice, named),
    may("answer") && [el("h3", {}, t("notices.answer")), answerForm(notice, options)]);
}
