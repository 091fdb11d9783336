// Writing a notice: always a draft first, so that its files are there before it goes out.

import { change, csrfHeader, post } from "../lib/api.js";
import { clockAt, momentAt } from "../lib/days.js";
import { language, t } from "../lib/i18n.js";
import { el } from "../lib/text.js";
import { filesOf } from "./notice.js";

const field = (name, node) => el("label", { class: "field" }, el("span", {}, t(`notices.field.${name}`)), node);

async function attach(id, file) {
  const form = new FormData();
  form.append("id", crypto.randomUUID());
  form.append("file", file, file.name);
  const answer = await fetch(`/api/v1/notices/${id}/files`, { method: "POST", credentials: "same-origin", headers: { ...csrfHeader(), "Accept-Language": language }, body: form });
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({}));
    throw new Error(`${file.name}: ${said.detail ?? t("problem.status", { status: answer.status })}`);
  }
}

/**
 * @param {object|null} known a draft that is changed, a proposal (without an id), or null
 * @param {object} options palette, departments, attempt, close, done(id, words)
 */
export function noticeForm(known, { palette, departments, attempt, close, done }) {
  const to = new Set((known?.to ?? []).map((entry) => entry.department));
  const id = known?.id ?? crypto.randomUUID();
  let version = known?.version ?? 0; // 0: not there yet
  const files = el("input", { attributes: { type: "file", multiple: true, accept: ".jpg,.jpeg,.png,.webp,.pdf,.docx,.xlsx" } });

  function body(form) {
    const said = new FormData(form);
    const out = { title: said.get("title"), body: said.get("body"), to: said.getAll("to"), category: said.get("category") || null, address: said.get("address"), wants_answer: said.has("wants_answer") };
    out.answer_by = said.get("answer_by") ? momentAt(said.get("answer_by")) : null;
    return out;
  }

  async function save(form) {
    if (version) version = (await change("PATCH", `notices/${id}`, body(form), { headers: { "If-Match": `"${version}"` } })).version;
    else version = (await post("notices", { id, draft: true, ...body(form), ...(known?.trend && { trend: known.trend }) })).version;
    for (const file of files.files) await attach(id, file);
    files.value = "";
  }

  const form = el("form", { class: "plan-form", on: { submit: (event) => {
    event.preventDefault();
    attempt(async () => {
      await save(form);
      if (event.submitter?.value !== "send") return done(id, t("notices.saved"));
      await change("PATCH", `notices/${id}`, { send: true }, { headers: { "If-Match": `"${version}"` } });
      return done(id, t("notices.sent"));
    });
  } } },
    el("div", { class: "case__head" }, el("h2", {}, t(known?.id ? "notices.do.change" : "notices.new")), el("button", { class: "button", attributes: { type: "button" }, on: { click: close } }, t("board.cancel"))),
    known?.trend && el("p", { class: "finding finding--weak" }, t("notices.from_trend")),
    field("title", el("input", { attributes: { name: "title", required: true, maxlength: 200, value: known?.title ?? "" } })),
    field("body", el("textarea", { class: "tall", attributes: { name: "body", maxlength: 20000 } }, known?.body ?? "")),
    el("fieldset", {}, el("legend", {}, t("notices.field.to")), el("div", { class: "checks" }, [...departments].map(([code, name]) => el("label", { class: "check" }, el("input", { attributes: { type: "checkbox", name: "to", value: code, checked: to.has(code) } }), name)))),
    el("div", { class: "two" },
      field("category", el("select", { attributes: { name: "category" } }, el("option", { attributes: { value: "" } }, t("notices.none")), palette.list.map((one) => el("option", { attributes: { value: one.code, selected: known?.category === one.code } }, one.name)))),
      field("address", el("input", { attributes: { name: "address", maxlength: 300, value: known?.address ?? "" } }))),
    el("div", { class: "two" },
      el("label", { class: "check" }, el("input", { attributes: { type: "checkbox", name: "wants_answer", checked: known?.wants_answer } }), t("notices.field.wants_answer")),
      field("answer_by", el("input", { attributes: { name: "answer_by", type: "datetime-local", value: known?.answer_by ? clockAt(known.answer_by) : "" } }))),
    filesOf(known?.files), field("files", files),
    el("p", { class: "soft" }, t("notices.no_names")),
    el("div", { class: "moves" },
      el("button", { class: "button button--primary", attributes: { type: "submit", value: "send" } }, t("notices.do.send")),
      el("button", { class: "button", attributes: { type: "submit", value: "save" } }, t("notices.do.save"))));
  return form;
}
