// A round at a school: arrival, checklist, the known hazards around it, findings. It can be left and taken up again.

import { label, metres, nameOf, t } from "../lib/i18n.js";
import { metresToArea } from "../lib/measure.js";
import { badge } from "../lib/symbols.js";
import { el } from "../lib/text.js";
import { NoPhoto, photoRecord, takeIn } from "./photo.js";
import { forget, keep, kept } from "./store.js";

const ARRIVED_M = 150;
const STATES = ["there", "worse", "gone"];

export class Round {
  constructor(app) {
    this.app = app;
    this.draft = null;
    this.photos = [];
  }

  async restore() {
    this.draft = (await kept("round")) ?? null;
    this.photos = (await kept("round-photos")) ?? [];
  }

  async #remember() {
    await keep("round", this.draft);
    await keep("round-photos", this.photos.map(({ url, ...photo }) => photo));
  }

  async begin(due) {
    if (this.draft && this.draft.school !== due.id && !(await this.app.sure(t("field.round_replace", { name: this.draft.name })))) return;
    if (this.draft?.school !== due.id) {
      this.draft = { id: crypto.randomUUID(), school: due.id, name: nameOf(due), started_at: new Date().toISOString(), answers: {}, seen: {}, found: [], reason: "", note: "", photosOf: {} };
      this.photos = [];
      await this.#remember();
    }
    this.app.go("round");
  }

  #school() {
    return this.app.shift.schools.find((one) => one.id === this.draft.school) ?? null;
  }

  /** {away_m, arrived} by the position of now, or nulls. */
  #arrival() {
    const school = this.#school();
    const { position } = this.app;
    if (!school || !position?.place) return { away_m: null, arrived: false };
    const away_m = metresToArea(school.geometry, position.place);
    return { away_m, arrived: away_m <= ARRIVED_M + Math.min(position.accuracy_m ?? 0, 100) };
  }

  async #change(change) {
    Object.assign(this.draft, change);
    await this.#remember();
    this.app.render();
  }

  found(id) {
    this.draft?.found.push(id);
    this.#remember();
  }

  render() {
    if (!this.draft) return [el("p", { class: "soft" }, t("field.no_round"))];
    const { draft, app } = this;
    const list = app.shift.pack.checklists?.school ?? { items: [], version: 0 };
    const school = this.#school();
    const { away_m, arrived } = this.#arrival();
    return [
      el("h2", { class: "view__title" }, t("field.round_at", { name: draft.name })),
      el("p", { class: arrived ? "good" : "warn" }, arrived ? t("field.arrived", { distance: metres(away_m) }) : away_m === null ? t("field.arrival_unknown") : t("field.not_arrived", { distance: metres(away_m) })),
      arrived ? null : el("label", { class: "note" }, el("span", {}, t("field.reason_why")), el("input", { attributes: { id: "round-reason", value: draft.reason, maxlength: 200 }, on: { change: (event) => this.#change({ reason: event.target.value }) } })),
      el("ol", { class: "questions" }, list.items.map((item) => this.#question(item))),
      this.#known(school),
      el("div", { class: "row" },
        el("button", { class: "button", attributes: { type: "button" }, on: { click: () => this.#finding() } }, t("field.finding")),
        draft.found.length ? el("span", { class: "soft" }, t("field.findings", { n: draft.found.length })) : null),
      el("label", { class: "note" }, el("span", {}, t("field.note")), el("textarea", { attributes: { id: "round-note", rows: 2, maxlength: 10_000 }, on: { change: (event) => this.#change({ note: event.target.value }) } }, draft.note)),
      el("div", { class: "row row--end" },
        el("button", { class: "button", attributes: { type: "button" }, on: { click: () => this.app.go("day") } }, t("field.round_leave")),
        el("button", { class: "save", attributes: { type: "button", id: "round-done" }, on: { click: () => this.finish() } }, t("field.round_done"))),
    ];
  }

  #question(item) {
    const { draft } = this;
    const answer = draft.answers[item.id];
    const put = (value) => this.#change({ answers: { ...draft.answers, [item.id]: value } });
    const pick = (entries) => el("div", { class: "chips-row" }, entries.map(([value, name]) => el("button", {
      class: "chip-button", attributes: { type: "button", "aria-pressed": String(answer === value) }, on: { click: () => put(answer === value ? undefined : value) },
    }, name)));
    let input;
    if (item.kind === "yes_no") input = pick([["yes", t("field.yes")], ["no", t("field.no")], ["not_applicable", t("field.not_applicable")]]);
    else if (item.kind === "choice") input = pick(item.choices.map((one) => [one.id, label(one)]));
    else {
      input = el("input", {
        class: "number", attributes: { type: "number", inputmode: "decimal", min: item.least, max: item.most, step: "any", value: answer ?? null, "aria-label": label(item) },
        on: { change: (event) => put(event.target.value === "" ? undefined : Number(event.target.value)) },
      });
    }
    const taken = this.photos.some((photo) => photo.of === item.id);
    return el("li", { attributes: { "data-question": item.id } }, el("p", {}, label(item)), input,
      item.photo || answer === "no" ? this.#camera(item.id, taken, item.photo) : null);
  }

  #camera(of, taken, required) {
    return el("label", { class: "photo-button" }, taken ? t("field.photo_taken") : required ? t("field.photo_required") : t("field.camera"),
      el("input", { class: "visually-hidden", attributes: { type: "file", accept: "image/*", capture: "environment" }, on: { change: (event) => this.#photo(of, event.target.files[0]) } }));
  }

  async #photo(of, file) {
    if (!file) return;
    try {
      this.photos = [...this.photos.filter((one) => one.of !== of), { ...(await takeIn(file)), of }];
    } catch (error) {
      if (!(error instanceof NoPhoto)) throw error;
      this.app.say(t(`field.bad_photo.${error.message}`), "alert");
    }
    await this.#change({});
  }

  #known(school) {
    const hazards = school ? this.app.shift.hazardsOf(school) : [];
    if (!hazards.length) return null;
    return el("section", {}, el("h3", {}, t("field.known_hazards")), el("ul", { class: "list" }, hazards.slice(0, 40).map((one) => {
      const look = this.app.palette.get(one.properties.category);
      const chosen = this.draft.seen[one.id];
      return el("li", { class: "known", attributes: { "data-hazard": one.id } },
        el("div", { class: "list__main" }, badge(look), el("span", {}, one.properties.name || look.name), el("span", { class: "soft" }, one.properties.note.slice(0, 80))),
        one.properties.photo ? el("img", { class: "same__photo", attributes: { src: `/api/v1/photos/${one.properties.photo}/thumbnail`, alt: t("field.photo_before"), width: 72, height: 72 } }) : null,
        el("div", { class: "chips-row" }, STATES.map((state) => el("button", {
          class: "chip-button", attributes: { type: "button", "aria-pressed": String(chosen === state) },
          on: { click: () => this.#change({ seen: { ...this.draft.seen, [one.id]: chosen === state ? undefined : state } }) },
        }, t(`field.seen.${state}`)))),
        chosen ? this.#camera(one.id, this.photos.some((photo) => photo.of === one.id), false) : null);
    })));
  }

  #finding() {
    const { app } = this;
    app.tag.reset();
    app.tag.round = this;
    const place = app.position?.place ?? this.#school()?.properties.point ?? null;
    if (place) app.tag.put(place, { byHand: !app.position?.place });
    app.go("tag");
  }

  async finish() {
    const { draft, app } = this;
    const list = app.shift.pack.checklists?.school ?? { items: [], version: 0 };
    const { arrived } = this.#arrival();
    if (!arrived && !draft.reason.trim()) {
      app.say(t("field.reason_needed"), "alert");
      return;
    }
    const missing = list.items.find((item) => item.photo && draft.answers[item.id] === "yes" && !this.photos.some((photo) => photo.of === item.id));
    if (missing) {
      app.say(t("field.photo_missing", { question: label(missing) }), "alert");
      return;
    }
    const now = new Date().toISOString();
    const { position } = app;
    const answers = Object.fromEntries(Object.entries(draft.answers).filter(([, value]) => value !== undefined));
    const inspection = {
      id: draft.id, school: draft.school, started_at: draft.started_at, ended_at: now > draft.started_at ? now : draft.started_at, note: draft.note.trim(),
      answers: { checklist: "school", version: list.version, items: answers, found: draft.found, ...(arrived ? {} : { arrival_reason: draft.reason.trim() }) },
      ...(position?.place ? { lon: position.place[0], lat: position.place[1], position_error_m: Math.min(100_000, position.accuracy_m ?? 0) } : {}),
    };
    const seen = Object.entries(draft.seen).filter(([, state]) => state);
    const sightings = seen.map(([hazard, state]) => ({ hazard, state, id: crypto.randomUUID(), observed_at: now }));
    const photos = this.photos;
    const owner = (photo) => (seen.some(([hazard]) => hazard === photo.of) ? { hazard: photo.of } : { inspection: draft.id });
    await app.writeDown([
      { id: draft.id, kind: "inspection", data: inspection },
      ...sightings.map((data) => ({ id: data.id, kind: "sighting", data })),
      ...photos.map((photo) => photoRecord(photo, owner(photo))),
    ], photos, t("field.round_saved"));
    this.draft = null;
    this.photos = [];
    await forget("round");
    await forget("round-photos");
    app.go("day");
  }
}
