// Alerts of the week with their map, and whether joint actions worked.

import { get } from "../lib/api.js";
import { effectOf } from "../lib/effect.js";
import { count, language, t } from "../lib/i18n.js";
import { say } from "../lib/table.js";
import { el } from "../lib/text.js";

const byId = (id) => document.getElementById(id);
let alertsAsked = null;
let effectsAsked = null;

function part(title, rows) {
  return rows.length ? [el("div", {}, el("h3", {}, title), el("ul", {}, rows))] : [];
}

function spot(one) {
  return el("li", {}, el("span", { class: `spot spot--${one.state}` }, t(`meeting.spot.${one.state}`)), one[language]);
}

/** Show what is unusual in the last whole week of a period. */
export async function showAlerts(wanted) {
  alertsAsked = wanted;
  const map = byId("map-alerts");
  try {
    const said = await get(`meetings/${wanted.period}/alerts`, { city: wanted.city });
    if (alertsAsked !== wanted) return; // another period was chosen meanwhile
    const any = said.spots.length || said.trends.length || said.schools.length;
    const week = said.week && t("meeting.alerts_week", { week: said.week, from: said.from, to: said.to, n: said.school_days, k: said.fewest_incidents });
    byId("alerts-said").textContent = said.week ? [week, any ? null : t("meeting.alerts_nothing")].filter(Boolean).join(" ") : t("meeting.alerts_none_yet");
    map.hidden = !any;
    if (any) map.src = `/api/v1/meetings/${wanted.period}/maps/alerts.svg?${new URLSearchParams({ lang: language, ...(wanted.city ? { city: wanted.city } : {}) })}`;
    byId("alerts").replaceChildren(
      ...part(t("meeting.alerts_spots", { n: count(said.spots_of) }), said.spots.map(spot)),
      ...part(t("meeting.alerts_trends"), said.trends.map((one) => el("li", {}, one[language]))),
      ...part(t("meeting.alerts_schools"), said.schools.map((one) => el("li", {}, one[language], " ", el("a", { attributes: { href: `/#select=school/${one.id}` } }, t("meeting.on_map"))))));
    say(byId("alerts-problem"));
  } catch (error) {
    say(byId("alerts-problem"), error.message);
  }
}

function action(one) {
  const title = el("a", { attributes: { href: `/actions#action=${one.id}` } }, one.title);
  const days = [t("meeting.worked_days", one), one.running ? t("meeting.worked_running") : null].filter(Boolean).join(" · ");
  return el("div", { class: "worked" }, el("h3", {}, title), el("p", { class: "soft" }, days),
    el("div", { class: "worked__parts" }, Object.entries(one.effects).map(([outcome, said]) => el("div", {}, el("h4", {}, t(`actions.effect.${outcome}`)), effectOf(said)))));
}

/** Show whether the joint actions of a period worked. */
export async function showEffects(wanted) {
  effectsAsked = wanted;
  try {
    const said = await get(`meetings/${wanted.period}/effects`, { city: wanted.city });
    if (effectsAsked !== wanted) return;
    const more = said.of - said.actions.length;
    byId("worked").replaceChildren(...said.actions.map(action), ...(said.actions.length ? [] : [el("p", {}, t("meeting.worked_none"))]), ...(more ? [el("p", { class: "soft" }, t("meeting.worked_more", { n: more }))] : []));
    say(byId("worked-problem"));
  } catch (error) {
    say(byId("worked-problem"), error.message);
  }
}
