// The questions of a checklist: yes/no/not applicable, a number, a choice, with photos where they are asked for.

import { label, t } from "../lib/i18n.js";
import { el } from "../lib/text.js";
import { camera, shot } from "./shots.js";

const yesNo = () => [["yes", t("field.yes")], ["no", t("field.no")], ["not_applicable", t("field.not_applicable")]];

/** True where an answer says that there is something to be photographed: yes, some choice, a number above 0. */
const isThere = (item, answer) => answer !== undefined && answer !== "not_applicable" && (item.kind === "yes_no" ? answer === "yes" : item.kind === "choice" || answer > 0);

/** The first question whose photo is missing, or undefined. */
export const missingPhoto = (items, answers, photos) => items.find((item) => item.photo && isThere(item, answers[item.id]) && !photos.some((photo) => photo.of === item.id));

/** The first number that lies outside its limits, or undefined. */
export const badNumber = (items, answers) => items.find((item) => {
  const answer = answers[item.id];
  if (item.kind !== "number" || answer === undefined) return false;
  return !Number.isFinite(answer) || (item.least !== null && answer < item.least) || (item.most !== null && answer > item.most);
});

/** How many questions have no answer. */
export const unanswered = (items, answers) => items.filter((item) => answers[item.id] === undefined).length;

/** What was answered, without the questions that were taken back. */
export const given = (answers) => Object.fromEntries(Object.entries(answers).filter(([, value]) => value !== undefined));

/**
 * The questions as a list.
 * @param {object} form answers {id: answer}; photos [{of}]; put(id, answer, {quiet}): quiet while somebody types;
 *   take(id, files) and away(photo) for photos; marked: the id of a question that is pointed out
 */
export function questions(items, form) {
  return el("ol", { class: "questions" }, items.map((item) => one(item, form)));
}

function one(item, form) {
  const answer = form.answers[item.id];
  const photos = form.photos.filter((photo) => photo.of === item.id);
  const asked = item.photo || answer === "no" || photos.length;
  return el("li", { class: form.marked === item.id ? "marked" : "", attributes: { "data-question": item.id } },
    el("p", { attributes: { id: `question-${item.id}` } }, label(item)),
    item.kind === "number" ? number(item, answer, form) : pick(item, answer, form),
    asked ? el("div", { class: "photos" },
      camera(t(photos.length ? "field.photo_taken" : item.photo && isThere(item, answer) ? "field.photo_required" : "field.camera"), (files) => form.take(item.id, files)),
      photos.map((photo) => shot(photo, () => form.away(photo)))) : null);
}

function pick(item, answer, form) {
  const entries = item.kind === "choice" ? item.choices.map((choice) => [choice.id, label(choice)]) : yesNo();
  return el("div", { class: "chips-row", attributes: { role: "group", "aria-labelledby": `question-${item.id}` } }, entries.map(([value, name]) => el("button", {
    class: "chip-button", attributes: { type: "button", id: `answer-${item.id}-${value}`, "aria-pressed": String(answer === value) },
    on: { click: () => form.put(item.id, answer === value ? undefined : value) },
  }, name)));
}

function number(item, answer, form) {
  const limits = item.least !== null && item.most !== null ? t("field.number_between", { least: item.least, most: item.most }) : null;
  return el("div", {},
    el("input", {
      class: "number", attributes: { type: "number", id: `answer-${item.id}`, inputmode: "decimal", min: item.least, max: item.most, step: "any", value: answer ?? null, "aria-labelledby": `question-${item.id}` },
      on: { input: (event) => form.put(item.id, event.target.value === "" ? undefined : Number(event.target.value), { quiet: true }) }, // drawn anew, the button that takes the focus would be gone before its click
    }), limits ? el("span", { class: "soft" }, " ", limits) : null);
}
