// Mental health as a layer: targets with progress, use of rooms by month, and schools far from a station.

import { get } from "../lib/api.js";
import { count, language, t } from "../lib/i18n.js";
import { fillTable, say } from "../lib/table.js";
import { el } from "../lib/text.js";
import { rateText } from "./numbers.js";
import { offerTargets } from "./targets.js";

const byId = (id) => document.getElementById(id);
const slide = byId("support-slide");
const MOST = 8;
let asked = null;

/** Show the counselling rooms and stations of a city as they were at the end of a period; without any, no slide. */
export async function showSupport(wanted, at) {
  asked = wanted;
  try {
    const said = await get("facilities/support", { city: wanted.city, at, walk_m: byId("walk").value });
    if (asked !== wanted) return; // another period was chosen meanwhile
    slide.hidden = !said.facilities;
    if (said.facilities) draw(said);
    say(byId("support-problem"));
  } catch (error) {
    slide.hidden = false;
    say(byId("support-problem"), error.message);
  }
}

function draw(said) {
  byId("walk").onchange = () => showSupport({ ...asked }, said.at);
  fillTable(byId("targets"), ["target", "done", "goal", "due"].map((name) => t(`meeting.support_${name}`)), said.targets.map((one) => [
    one[language], el("span", { class: one.done >= one.of ? "is-better" : "" }, count(one.done)), one.every_school ? t("meeting.support_every", { n: count(one.of) }) : count(one.of), one.due_on ?? "–",
  ]));
  offerTargets(said, asked, () => showSupport({ ...asked }, said.at));
  const months = said.months.filter((one) => one.visits !== null).slice(-6);
  fillTable(byId("support-use"), ["month", "visits", "used"].map((name) => t(`meeting.support_${name}`)), months.map((one) => [
    one.month, one.at_least ? t("meeting.at_least", { n: count(one.visits) }) : count(one.visits), rateText(one.used),
  ]));
  const beyond = said.beyond;
  byId("support-said").textContent = said.stations
    ? t("meeting.support_said", { schools: count(beyond.schools), pupils: count(beyond.pupils), all: count(beyond.all_pupils), metres: count(said.walk_m) }) + (beyond.not_counted ? t("meeting.support_unknown", { n: count(beyond.not_counted) }) : "")
    : t("meeting.support_no_station");
  fillTable(byId("support-schools"), ["school", "station", "walk", "pupils"].map((name) => t(`meeting.support_${name}`)), said.schools.slice(0, MOST).map((one) => [
    el("a", { attributes: { href: `/#select=school/${one.id}` } }, one[language]), one.station ?? "–",
    one.walk_m === null ? "–" : one.estimated ? t("meeting.support_about", { n: count(one.walk_m) }) : count(one.walk_m), one.pupils === null ? "–" : count(one.pupils),
  ]));
}
