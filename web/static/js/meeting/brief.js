// The brief: its files, and its texts, which the committee's office may edit before it is written.

import { change, download, get } from "../lib/api.js";
import { attempts } from "../lib/attempt.js";
import { language, pageConfig, t } from "../lib/i18n.js";
import { el } from "../lib/text.js";

const byId = (id) => document.getElementById(id);
const MAY_EDIT = (pageConfig.me?.roles ?? []).some((role) => role === "dispatcher" || role === "admin");
const KINDS = ["docx", "pdf", "xlsx", "html", "pptx"];
const attempt = attempts(byId("brief-problem"));
let asked = null;

/** Offer the files of a period; its texts are read when somebody opens them. */
export function offerBrief(wanted) {
  asked = wanted;
  byId("brief-files").replaceChildren(...KINDS.map(file));
  byId("brief-list").replaceChildren();
  if (byId("brief-texts").open) readTexts();
}

function file(kind) {
  const parameters = { language, city: asked.city };
  const name = `${asked.period}.${kind}`;
  if (kind !== "html") return el("button", { class: "button", attributes: { type: "button" }, on: { click: () => write(name, kind, parameters) } }, t(`meeting.file.${kind}`));
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value));
  return el("a", { class: "button", attributes: { href: `/api/v1/briefs/${name}?${query}`, target: "_blank", rel: "noopener" } }, t("meeting.file.html"));
}

/** Have a file written, which takes some seconds, and keep it. */
async function write(name, kind, parameters) {
  const buttons = byId("brief-files").querySelectorAll("button");
  const writing = byId("writing");
  writing.lastElementChild.textContent = t("meeting.writing", { kind: t(`meeting.file.${kind}`) });
  writing.hidden = false;
  for (const button of buttons) button.disabled = true;
  await attempt(() => download(`briefs/${name}`, parameters, `brief-${name}`));
  for (const button of buttons) button.disabled = false;
  writing.hidden = true;
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
