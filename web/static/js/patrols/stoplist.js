// The stops of a plan in words: who stands where and when and why, and why the others are left out; changes by hand.

import { t } from "../lib/i18n.js";
import { el } from "../lib/text.js";
import { colourOf } from "./colours.js";

/** Why a stop is in, or out. */
export function whyOf({ reason, is, priority }) {
  const words = t(`patrols.why.${reason.why ?? "unknown"}`);
  const more = [];
  if (is === "stop" && reason.detour_s > 90) more.push(t("patrols.detour", { n: Math.round(reason.detour_s / 60) }));
  if (reason.displaces?.length) more.push(t("patrols.displaces", { team: reason.team, names: reason.displaces.join(t("list.comma")) }));
  else if (reason.late_s > 0) more.push(t("patrols.late", { n: Math.ceil(reason.late_s / 60) }));
  if (priority) more.push(t(`patrols.priority.${priority}`));
  return [words, ...more].join(t("patrols.stop_mark"));
}

/** What may be done with the chosen stop. */
function tools(stop, plan, change) {
  const teams = plan.team_list.map((one) => one.number);
  return el("div", { class: "stop-tools" },
    stop.windows.length ? el("p", { class: "soft" }, t("patrols.windows", { windows: stop.windows.map((one) => one.join("–")).join(t("list.comma")) })) : null,
    stop.dismissals.length ? el("p", { class: "soft" }, stop.dismissals.map((one) => t("patrols.dismissal", { grades: one.grades || t("patrols.all_grades"), time: one.at })).join(t("list.comma"))) : null,
    el("label", { class: "field" }, el("span", {}, t("patrols.keep_with")),
      el("select", { attributes: { name: "pin" }, on: { change: (event) => change({ team: Number(event.target.value), ...(stop.dropped ? { dropped: false } : {}) }) } },
        el("option", { attributes: { value: 0, selected: !stop.pinned } }, t("patrols.keep_free")),
        teams.map((n) => el("option", { attributes: { value: n, selected: stop.pinned === n } }, t("patrols.team_n", { n }))))),
    stop.dropped
      ? el("button", { class: "button", attributes: { type: "button" }, on: { click: () => change({ dropped: false }) } }, t("patrols.bring_back"))
      : el("button", { class: "button", attributes: { type: "button", "data-drop": true }, on: { click: () => change({ dropped: true }) } }, t("patrols.drop")),
    el("p", { class: "soft" }, t("patrols.drag_help")));
}

export function drawStops(plan, stops, { chosen, choose, change, editable }) {
  const line = (stop) => {
    const own = stop.id === chosen;
    const number = el("b", { class: `stop__n${stop.kind === "post" ? " stop__n--post" : ""}` }, stop.order ?? (stop.dropped ? "×" : "·"));
    number.style.background = colourOf(stop.team);
    return el("li", { class: "stop", attributes: { "data-stop": stop.id, "aria-current": own ? "true" : null } },
      el("button", { attributes: { type: "button" }, on: { click: () => choose(stop.id) } }, number,
        el("span", {}, stop.starts ? el("b", { class: "stop__time" }, `${stop.starts}–${stop.leaves} `) : null, stop.title, stop.changed ? el("i", { class: "changed" }, ` ${t("patrols.changed")}`) : null,
          el("small", {}, `${t(`patrols.kind.${stop.kind}`)} · ${whyOf(stop)}${stop.assumed_dismissal ? ` ${t("patrols.assumed")}` : ""}`))),
      own && editable ? tools(stop, plan, (said) => change(stop.id, said)) : null);
  };
  const parts = plan.team_list.map((team) => {
    const own = stops.filter((one) => one.team === team.number).sort((a, b) => a.order - b.order);
    const head = el("h3", {}, `${t("patrols.team_n", { n: team.number })}${team.name ? ` ${team.name}` : ""}`, el("small", {}, own.length ? ` ${t(`patrols.mode.${team.mode}`)} · ${t("patrols.sheet_line", { leaves: team.leaves, returns: team.returns, kilometres: (team.length_m / 1000).toFixed(1) })}` : plan.state === "planning" ? "" : ` ${t("patrols.team_idle")}`));
    head.style.color = colourOf(team.number);
    return el("section", { class: "team-stops" }, head, el("ol", { class: "stops" }, own.map(line)));
  });
  const out = stops.filter((one) => !one.team).sort((a, b) => b.required - a.required || a.number - b.number);
  const unmanned = out.filter((one) => one.required && !one.dropped);
  return [
    unmanned.length ? el("p", { class: "warn" }, t("patrols.sheet_unmanned", { places: unmanned.map((one) => one.title).join(t("list.comma")) })) : null,
    ...parts,
    out.length ? el("details", { class: "left-out", attributes: { open: out.some((one) => one.id === chosen) || unmanned.length > 0 } }, el("summary", {}, t("patrols.left_out", { n: out.length })), el("ol", { class: "stops" }, out.map(line))) : null,
  ];
}
