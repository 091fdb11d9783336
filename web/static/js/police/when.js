// When incidents happen: hours and weekdays, and minutes from dismissal.

import { count, t } from "../lib/i18n.js";
import { el } from "../lib/text.js";
import { together } from "./modes.js";

const FIRST_HOUR = 6;
const LAST_HOUR = 22;
const byId = (id) => document.getElementById(id);

function shade(share) {
  return `color-mix(in srgb, #a50f15 ${Math.round(share > 0.8 ? 90 : share * 70)}%, #fdf6ec)`;
}

export function showWhen({ hours, dismissal, total, untimed, uncertain, assumed, no_school: away }) {
  const most = Math.max(1e-9, ...hours.flat());
  const wanted = Array.from({ length: LAST_HOUR - FIRST_HOUR + 1 }, (_, at) => FIRST_HOUR + at);
  byId("rhythm").classList.toggle("rhythm--long", most >= 999.5);
  byId("rhythm").replaceChildren(
    el("thead", {}, el("tr", {}, el("th", { attributes: { scope: "col" } }, ""), wanted.map((hour) => el("th", { attributes: { scope: "col" } }, hour)))),
    el("tbody", {}, hours.map((row, day) => el("tr", {}, el("th", { attributes: { scope: "row" } }, t(`police.day.${day + 1}`)), wanted.map((hour) => {
      const share = row[hour] / most;
      const cell = el("td", {}, row[hour] ? count(row[hour]) : "");
      cell.style.background = shade(share);
      cell.style.color = share > 0.8 ? "#ffffff" : "#14232f";
      return cell;
    })))));
  const high = Math.max(1, ...dismissal.map((one) => one.count));
  byId("dismissal").replaceChildren(...dismissal.map(({ from_min: minute, count: n }) => {
    const bar = el("div", { class: minute >= -30 && minute < 60 ? "bar bar--school" : "bar", attributes: { title: t("police.bar", { minute, n: count(n) }) } }, n ? el("b", {}, count(n)) : null, minute % 30 === 0 ? el("span", {}, minute > 0 ? `+${minute}` : minute) : null);
    bar.style.height = `${(100 * n) / high}%`;
    return bar;
  }));
  byId("when-note").textContent = together(t("police.when_note"), uncertain && t("police.uncertain", { n: count(uncertain) }), untimed && t("police.untimed", { n: count(untimed) }), assumed && t("police.assumed", { n: count(assumed) }), away && t("police.no_school", { n: count(away) }));
  if (!total) byId("rhythm").replaceChildren(el("caption", { class: "soft" }, t("police.no_incident")));
}
