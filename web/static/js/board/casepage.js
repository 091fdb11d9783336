// One case: what it is about, how long is left, photos before and after, what was done, what may be done.

import { get } from "../lib/api.js";
import { dateTime, t } from "../lib/i18n.js";
import { el } from "../lib/text.js";
import { smallMap } from "./casemap.js";
import { timeLeft, timeOf } from "./clock.js";
import { movesOf } from "./moves.js";

const HANDLED = new Set(["start", "answer"]);

const fact = (name, ...value) => (value.flat().some((one) => one !== null && one !== undefined && one !== "") ? [el("dt", {}, t(`board.${name}`)), el("dd", {}, ...value)] : []);

function facts(properties, { words, palette }) {
  const { category, subtype, lead, assisting, school, district, rule } = properties;
  return el("dl", { class: "facts" },
    fact("category", palette.get(category).name, subtype && ` · ${palette.subtype(category, subtype)}`),
    fact("school", school?.name), fact("district", district?.name), fact("cell", properties.cell_code), fact("address", properties.address), fact("external", properties.external_number),
    fact("lead", words.department(lead), assisting.length ? t("board.with", { names: assisting.map((code) => words.department(code)).join(t("list.comma")) }) : ""),
    fact("urgency", t(`board.urgency.${properties.urgency}`)),
    fact("why", rule?.reason ? rule.reason[document.documentElement.lang.startsWith("en") ? "en" : "zh"] : ""),
    fact("reported_by", properties.reported_by, properties.reported_by && ` · ${dateTime(properties.observed_at)}`),
    properties.step ? fact("step", t(`board.clock.${properties.step}`), " ", timeLeft(properties.step_due_at)) : [],
    fact("whole", timeOf(properties)),
    fact("counts", [properties.extensions && t("board.extensions", { n: properties.extensions }), properties.reworks && t("board.reworks", { n: properties.reworks }), properties.returns && t("board.returns", { n: properties.returns }), properties.rung && t(`board.rung.${properties.rung}`), properties.recurrence_of && t("board.recurrence")].filter(Boolean).join(t("list.comma"))),
    fact("asked", properties.asked && t(`board.asked.${properties.asked.kind}`)),
    fact("note", properties.note));
}

function photosOf(photos, log) {
  if (!photos.length) return el("p", { class: "soft" }, t("board.no_photo"));
  const start = log.find((line) => HANDLED.has(line.action))?.at;
  const sides = [["before", photos.filter((one) => !start || one.received_at <= start).at(-1)], ["after", photos.filter((one) => start && one.received_at > start).at(-1)]];
  return el("div", { class: "before-after" }, sides.map(([side, photo]) => el("figure", {},
    photo ? el("a", { attributes: { href: photo.url, target: "_blank", rel: "noopener" } }, el("img", { attributes: { src: photo.thumbnail_url, alt: t(`board.${side}`) } })) : el("p", { class: "soft" }, t("board.none_yet")),
    el("figcaption", {}, t(`board.${side}`), photo && ` · ${dateTime(photo.taken_at ?? photo.received_at)}`, " ", photo?.caption))));
}

function logOf(log, words) {
  return el("ol", { class: "log" }, log.toReversed().map((line) => el("li", { class: line.late ? "late" : "" },
    el("p", {}, el("b", {}, words.action(line.action)), line.to && line.to !== line.from ? ` → ${words.state(line.to)}` : "", line.late ? ` · ${t("board.was_late")}` : ""),
    line.note && el("p", {}, line.note),
    el("p", { class: "soft" }, [line.by, line.department && words.department(line.department), dateTime(line.at)].filter(Boolean).join(" · ")))));
}

/**
 * Fill the page of a case, unless `options.wanted()` says that it is no longer wanted when the answers are there: it was
 * closed meanwhile, or a form on it is being filled in.
 */
export async function showCase(node, id, options) {
  const feature = await get(`cases/${id}`);
  const { properties } = feature;
  const { words, palette, close, mayGoOn } = options;
  const others = properties.allowed_actions.includes("merge") ? await mayGoOn(feature) : [];
  if (options.wanted && !options.wanted()) return feature;
  const photos = el("div", {}, el("p", { class: "soft" }, t("state.loading")));
  const place = el("div", { class: "case__map", attributes: { role: "img", "aria-label": t("board.map_of", { name: properties.name || properties.number }) } });
  node.small?.remove();
  node.replaceChildren(
    el("div", { class: "case__head" },
      el("div", {}, el("p", { class: "soft" }, properties.number), el("h2", {}, properties.name || palette.get(properties.category).name)),
      el("div", { class: "case__tools" },
        el("button", { class: "button", attributes: { type: "button", id: "print" }, on: { click: () => window.print() } }, t("board.print")),
        el("button", { class: "button", attributes: { type: "button", id: "close" }, on: { click: close } }, t("board.close")))),
    el("p", { class: "case__news", attributes: { hidden: true, role: "status" } }, t("board.news"), " ", el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => showCase(node, id, { ...options, wanted: null }) } }, t("board.news_show"))),
    el("p", {}, el("span", { class: properties.overdue ? "tag tag--alert" : "tag" }, words.state(properties.state)), properties.overdue && el("span", { class: "tag tag--alert" }, t("board.overdue")), properties.invented && el("span", { class: "tag tag--off" }, t("invented.tag"))),
    facts(properties, options),
    el("h3", { class: "moves-title" }, t("board.next")), ...movesOf(feature, { ...options, others }),
    el("h3", {}, t("board.photos")), photos,
    el("h3", {}, t("board.place")), place,
    el("h3", {}, t("board.log")), logOf(properties.log, words),
    el("p", { class: "case__foot" }));
  node.hidden = false;
  place.style.setProperty("--drawn-width", `${place.clientWidth}px`); // on paper it is as wide as it was drawn
  node.small = smallMap(place, feature, palette.get(properties.category).colour);
  if (!properties.hazard) photos.replaceChildren(el("p", { class: "soft" }, t("board.no_photo")));
  else {
    const found = await get(`hazards/${properties.hazard}/photos`).catch(() => ({ photos: [] }));
    photos.replaceChildren(photosOf(found.photos, properties.log));
  }
  return feature;
}
