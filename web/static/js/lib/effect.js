// What a joint action brought about: its sentences, why there are none, and what to take care of.

import { language, t } from "./i18n.js";
import { el } from "./text.js";

const words = (entry) => entry[language] ?? entry.zh;

function statement(title, said) {
  if (!said) return null;
  return el("div", { class: said.enough ? "finding" : "finding finding--weak" }, el("h4", {}, t(`actions.effect.${title}`)), el("p", {}, words(said)), said.enough ? null : el("p", { class: "soft" }, t("actions.effect.few")));
}

/** Return the elements that say an effect, as the server measured it. */
export function effectOf(said) {
  const spans = said.before && said.after ? el("p", { class: "soft" }, t("actions.effect.spans", { before: `${said.before.from} – ${said.before.to}`, after: `${said.after.from} – ${said.after.to}`, b: said.before.school_days, a: said.after.school_days })) : null;
  return [
    said.reason && el("p", { class: "finding finding--weak" }, words(said.reason)), spans,
    statement("difference", said.difference), statement("pre_trend", said.pre_trend), statement("displacement", said.displacement),
    said.warnings.map((one) => el("p", { class: "soft" }, words(one))),
    said.basis === "groups" ? el("p", { class: "soft" }, t("actions.effect.groups")) : null,
  ].flat().filter(Boolean);
}
