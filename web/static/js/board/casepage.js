// One case: what it is about, how long is left, photos before and after, what was done, what may be done.

import { get, upload } from "../lib/api.js";
import { dateTime, language, t } from "../lib/i18n.js";
import { say } from "../lib/table.js";
import { el } from "../lib/text.js";
import { NoPhoto, takeIn } from "../field/photo.js";
import { smallMap } from "./casemap.js";
import { timeLeft, timeOf } from "./clock.js";
import { movesOf } from "./moves.js";

const fact = (name, ...value) => (value.flat().some((one) => one !== null && one !== undefined && one !== "") ? [el("dt", {}, t(`board.${name}`)), el("dd", {}, ...value)] : []);

/** Another case by its number, or that it is not for this person to open. */
const caseLink = (id, numbers) => (numbers[id] ? el("a", { attributes: { href: `#case=${id}` } }, numbers[id]) : el("span", { class: "soft" }, t("board.hidden_case")));
/** Whether it has not come to its end. */
const isUnderWay = ({ step, state }) => Boolean(step) || state === "suspended";
const time = ({ amount, unit }) => t(`filing.unit.${unit}`, { n: amount });

function askedOf(asked) {
  return [t(`board.asked.${asked.kind}`), asked.amount && time(asked), asked.by_name, asked.note].filter(Boolean).join(" · ");
}

/** What an action said beside its note, in words: how much time, which departments, which other case. */
function detailsOf(details, words, numbers) {
  const other = (name, id) => id && [t(`board.${name}`), " ", caseLink(id, numbers)];
  const named = (codes) => codes.map((code) => words.department(code)).join(t("list.comma"));
  return [
    details.amount && time(details),
    (details.department ?? details.lead) && named([details.department ?? details.lead]),
    (details.departments ?? details.assisting)?.length && t("board.assisting", { names: named(details.departments ?? details.assisting) }),
    details.urgency && t(`board.urgency.${details.urgency}`),
    details.limits && t("board.limits", { said: Object.entries(details.limits).map(([step, limit]) => `${t(`board.clock.${step}`)} ${time(limit)}`).join(t("list.comma")) }),
    ...["step_due_at", "due_at"].map((name) => details.was?.[name] && t(`board.was.${name}`, { time: dateTime(details.was[name]) })),
    details.score && t("board.scored", { n: details.score }),
    ...Object.entries(details.ended ?? {}).map(([old, other]) => (other ? t("board.ended_for", { old: words.department(old), other: words.department(other) }) : t("board.ended", { old: words.department(old) }))),
    other("into", details.into), other("absorbed", details.merged), other("recurrence_of", details.recurrence_of),
  ].filter(Boolean);
}

function facts(properties, { words, palette }) {
  const { category, subtype, lead, assisting, school, district, rule, numbers } = properties;
  return el("dl", { class: "facts" },
    fact("category", palette.get(category).name, subtype && ` · ${palette.subtype(category, subtype)}`),
    fact("school", school?.name), fact("district", district?.name), fact("cell", properties.cell_code), fact("address", properties.address), fact("external", properties.external_number),
    fact("lead", words.department(lead), assisting.length ? t("board.with", { names: assisting.map((code) => words.department(code)).join(t("list.comma")) }) : ""),
    fact("urgency", t(`board.urgency.${properties.urgency}`)),
    fact("why", rule?.reason?.[language]),
    properties.allowed_actions.includes("file") ? fact("file_when", rule?.file_when?.[language]) : [],
    properties.filed_at && isUnderWay(properties) ? fact("close_when", rule?.close_when?.[language]) : [],
    fact("observed_at", dateTime(properties.observed_at)),
    fact("reported_by", properties.reported_by, properties.reported_by && ` · ${dateTime(properties.received_at)}`),
    properties.step ? fact("step", t(`board.clock.${properties.step}`), " ", timeLeft(properties.step_due_at)) : [],
    fact("whole", timeOf(properties)),
    fact("counts", [properties.extensions && t("board.extensions", { n: properties.extensions }), properties.reworks && t("board.reworks", { n: properties.reworks }), properties.returns && t("board.returns", { n: properties.returns }), properties.rung && t(`board.rung.${properties.rung}`)].filter(Boolean).join(t("list.comma"))),
    fact("recurrence_of", properties.recurrence_of && caseLink(properties.recurrence_of, numbers)),
    fact("recurrences", properties.recurrences.map((id, at) => [at ? t("list.comma") : "", caseLink(id, numbers)])),
    fact("merged_into", properties.merged_into && caseLink(properties.merged_into, numbers)),
    fact("asked", properties.asked && askedOf(properties.asked)),
    fact("note", properties.note));
}

/** When a photo was taken; it may have come later, but not earlier than that. */
const takenAt = ({ taken_at: taken, received_at: received }) => Math.min(...[taken, received].filter(Boolean).map((text) => Date.parse(text)));

/**
 * Photos before and after, each in the order in which they were taken. After is what was taken since filing: the same
 * goes for the photo that closing may need. Of a case that was reported without one, the first of several stands before.
 */
export function sidesOf(photos, filedAt) {
  const inOrder = photos.toSorted((one, other) => takenAt(one) - takenAt(other));
  const filed = filedAt ? Date.parse(filedAt) : Infinity;
  const before = inOrder.filter((one) => takenAt(one) < filed);
  const after = inOrder.slice(before.length);
  return !before.length && after.length > 1 ? { before: after.slice(0, 1), after: after.slice(1) } : { before, after };
}

function photoLink(photo, said) {
  return el("a", { attributes: { href: photo.url, target: "_blank", rel: "noopener" } }, el("img", { attributes: { src: photo.thumbnail_url, alt: `${said} · ${dateTime(photo.taken_at ?? photo.received_at)}` } }));
}

function photosOf(photos, filedAt) {
  if (!photos.length) return el("p", { class: "soft" }, t("board.no_photo"));
  return el("div", { class: "before-after" }, Object.entries(sidesOf(photos, filedAt)).map(([side, ofSide]) => {
    const latest = ofSide.at(-1);
    const said = t(`board.${side}`);
    return el("figure", { attributes: { "data-side": side } },
      latest ? photoLink(latest, said) : el("p", { class: "soft" }, t("board.none_yet")),
      el("figcaption", {}, said, latest && ` · ${dateTime(latest.taken_at ?? latest.received_at)}`, " ", latest?.caption),
      ofSide.length > 1 && el("div", { class: "earlier" }, ofSide.slice(0, -1).map((photo) => photoLink(photo, said))));
  }));
}

/** A line of parts with points between them; null where there are none. */
const told = (parts) => parts.length > 0 && el("p", {}, parts.flatMap((part, at) => (at ? [" · ", part] : [part])));

function logOf({ log, numbers }, words) {
  return el("ol", { class: "log" }, log.toReversed().map((line) => el("li", { class: line.late ? "late" : "" },
    el("p", {}, el("b", {}, words.action(line.action)), line.to && line.to !== line.from ? ` → ${words.state(line.to)}` : "", line.late ? ` · ${t("board.was_late")}` : ""),
    told(detailsOf(line.details ?? {}, words, numbers)),
    line.note && el("p", {}, line.note),
    el("p", { class: "soft" }, [line.by, line.department && words.department(line.department), dateTime(line.at)].filter(Boolean).join(" · ")))));
}

/** Let whoever handles or checks the case add a photo of how it is now. */
function photoForm(properties, again) {
  if (!properties.may_add_photo || !isUnderWay(properties)) return null;
  const problem = el("p", { class: "form-problem", attributes: { role: "alert", hidden: true } });
  const state = el("p", { class: "quiet", attributes: { role: "status", hidden: true } });
  const input = el("input", { attributes: { type: "file", accept: "image/*", name: "photo" }, class: "visually-hidden", on: { change: () => send() } }); // from the camera, or one that was taken before
  async function send() {
    const [file] = input.files;
    if (!file) return;
    input.disabled = true;
    say(problem);
    say(state, t("board.photo_sending"));
    try {
      const photo = await takeIn(file);
      const form = new FormData();
      form.set("id", photo.id);
      form.set("file", photo.blob, `${photo.id}.jpg`);
      await upload(`hazards/${properties.hazard}/photos`, form);
      await again();
    } catch (error) {
      say(problem, error instanceof NoPhoto ? t(`field.bad_photo.${error.message}`) : error.message);
    }
    say(state);
    input.disabled = false;
    input.value = "";
  }
  return el("div", { class: "photo-form" }, el("label", { class: "button" }, t("board.add_photo"), input), state, problem);
}

async function showPhotos(node, properties) {
  const again = () => showPhotos(node, properties);
  try {
    const { photos } = await get(`hazards/${properties.hazard}/photos`);
    node.replaceChildren(photosOf(photos, properties.filed_at), photoForm(properties, again) ?? "");
  } catch (error) {
    node.replaceChildren(el("p", { class: "form-problem", attributes: { role: "alert" } }, t("board.photos_unread"), " ", error.message));
  }
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
    el("h3", {}, t("board.log")), logOf(properties, words),
    el("p", { class: "case__foot" }));
  node.hidden = false;
  place.style.setProperty("--drawn-width", `${place.clientWidth}px`); // on paper it is as wide as it was drawn
  node.small = smallMap(place, feature, palette.get(properties.category).colour);
  if (!properties.hazard) photos.replaceChildren(el("p", { class: "soft" }, t("board.no_photo")));
  else await showPhotos(photos, properties);
  return feature;
}
