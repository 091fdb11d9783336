// The brief: its files, and its texts, which the committee's office may edit before it is written.

import { change, get } from "../lib/api.js";
import { language, pageConfig, t } from "../lib/i18n.js";
import { el } from "../lib/text.js";

const byId = (id) => document.getElementById(id);
const MAY_EDIT = (pageConfig.me?.roles ?? []).some((role) => role === "dispatcher" || role === "admin");
const KINDS = ["docx", "pdf", "xlsx", "html", "pptx"];
let asked = null;

/** Offer the files of a period; its texts are read when somebody opens them. */
export function offerBrief(wanted) {
  asked = wanted;
  const query = new URLSearchParams({ language, ...(asked.city ? { city: asked.city } : {}) });
  byId("brief-files").replaceChildren(...KINDS.map((kind) => el("a", { class: "button", attributes: { href: `/api/v1/briefs/${asked.period}.${kind}?${query}`, target: kind === "html" ? "_blank" : null, rel: "noopener" } }, t(`meeting.file.${kind}`))));
  byId("brief-list").replaceChildren();
  if (byId("brief-texts").open) readTexts();
}

async function readTexts() {
  const list = byId("brief-list");
  try {
    const said = await get(`briefs/${asked.period}`, { language, city: asked.city });
    list.replaceChildren(...said.texts.map(editor));
  } catch (error) {
    list.replaceChildren(el("p", { class: "form-problem" }, error.message));
  }
}

function editor(one) {
  const behind = Object.entries(one.numbers).filter(([, value]) => value !== null).map(([name, value]) => `${name} = ${value}`).join("; ");
  const box = el("textarea", { attributes: { maxlength: 5000, readonly: !MAY_EDIT, "aria-label": one.generated } });
  box.value = one.text;
  const said = el("span", { class: "quiet", attributes: { role: "status" } });
  const by = el("p", { class: "soft" }, one.version && one.author ? t("meeting.edited", { name: one.author, n: one.version }) : t("meeting.not_edited"));
  const keep = async (text) => {
    try {
      const query = new URLSearchParams({ language, ...(asked.city ? { city: asked.city } : {}) });
      const kept = await change("PUT", `/api/v1/briefs/${asked.period}/texts/${one.key}?${query}`, { text }, { headers: { "If-Match": `"${one.version}"` } });
      Object.assign(one, kept);
      box.value = kept.text;
      by.textContent = t("meeting.edited", { name: kept.author, n: kept.version });
      said.textContent = [t("meeting.kept"), ...kept.warnings.map((warning) => warning.what)].join(" · ");
    } catch (error) {
      said.textContent = error.message;
    }
  };
  const buttons = MAY_EDIT && el("div", { class: "brief__buttons" },
    el("button", { class: "button button--primary", attributes: { type: "button" }, on: { click: () => keep(box.value) } }, t("meeting.keep")),
    el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => keep("") } }, t("meeting.take_back")), said);
  return el("div", { class: "brief__text" }, box, buttons, by, behind && el("p", { class: "soft" }, t("meeting.behind", { numbers: behind })));
}

byId("brief-texts").addEventListener("toggle", () => {
  if (byId("brief-texts").open && asked && !byId("brief-list").childElementCount) readTexts();
});
