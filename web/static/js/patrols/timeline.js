// The afternoon as a line for each team: stays as blocks, breaks, and when pupils leave.

import { t } from "../lib/i18n.js";
import { el } from "../lib/text.js";
import { colourOf } from "./colours.js";

export const minutesOf = (clock) => { const [hour, minute] = clock.split(":").map(Number); return hour * 60 + minute; };
const clockOf = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
const TICK = 30;

export function drawTimeline(node, plan, stops, { chosen, choose }) {
  const teams = plan?.team_list ?? [];
  if (!teams.length || !stops.some((one) => one.team)) {
    node.replaceChildren();
    return;
  }
  const first = Math.floor(Math.min(...teams.map((one) => minutesOf(one.begins))) / TICK) * TICK;
  const last = Math.ceil(Math.max(...teams.map((one) => minutesOf(one.ends)), ...stops.filter((one) => one.leaves).map((one) => minutesOf(one.leaves))) / TICK) * TICK;
  const at = (minute) => `${(100 * (minute - first)) / Math.max(1, last - first)}%`;
  const place = (piece, from, to) => { piece.style.left = at(from); piece.style.width = `calc(${at(to)} - ${at(from)})`; return piece; };
  const ticks = Array.from({ length: (last - first) / TICK + 1 }, (_, n) => first + n * TICK);
  const head = el("div", { class: "timeline__ticks", attributes: { "aria-hidden": "true" } }, ticks.map((minute) => { const tick = el("span", {}, clockOf(minute)); tick.style.left = at(minute); return tick; }));
  const rows = teams.map((team) => {
    const track = el("div", { class: "timeline__track" });
    if (team.rest) track.append(place(el("span", { class: "timeline__rest" }, t("patrols.rest")), minutesOf(team.rest[0]), minutesOf(team.rest[1])));
    for (const stop of stops.filter((one) => one.team === team.number && one.starts)) {
      const block = place(el("button", { class: `timeline__stay${stop.kind === "post" ? " timeline__stay--post" : ""}`, attributes: { type: "button", title: `${stop.starts}–${stop.leaves} ${stop.title}`, "aria-pressed": String(stop.id === chosen) }, on: { click: () => choose(stop.id) } }, el("b", {}, stop.order), " ", el("span", {}, stop.title)), minutesOf(stop.starts), minutesOf(stop.leaves));
      block.style.background = colourOf(team.number);
      track.append(block);
    }
    const name = el("span", { class: "timeline__team" }, team.name || t("patrols.team_n", { n: team.number }));
    name.style.color = colourOf(team.number);
    return el("div", { class: "timeline__row" }, name, track);
  });
  node.replaceChildren(el("div", { class: "timeline__row" }, el("span", { class: "timeline__team" }), head), ...rows);
}
