// A known hazard: what is known of it, its history, the checklist of its category, "still there / worse / gone", and
// mending what is said of it.

import { dateTime, label, t } from "../lib/i18n.js";
import { badge } from "../lib/symbols.js";
import { el } from "../lib/text.js";
import * as outbox from "./outbox.js";
import { photoRecord, takeInAll } from "./photo.js";
import { badNumber, given, missingPhoto, questions } from "./questions.js";
import { ask } from "./sender.js";
import { before, camera, shot } from "./shots.js";

const STATES = ["there", "worse", "gone"];

export class HazardCard {
  constructor(app) {
    this.app = app;
    this.id = null;
    this.photos = [];
    this.history = null;
    this.editing = null;
    this.mending = null;
    this.answers = {};
    this.marked = null;
    this.listed = false;
  }

  open(id) {
    Object.assign(this, { id, photos: [], history: null, editing: null, mending: null, answers: {}, marked: null, listed: false, opened_at: new Date().toISOString() });
    this.app.go("hazard");
    const one = this.#hazard();
    if (one?.geometry) this.app.map.look(one.geometry.coordinates);
    this.#load(id);
  }

  async #load(id) {
    try {
      const [sightings, photos] = await Promise.all([ask("GET", `hazards/${id}/sightings`), ask("GET", `hazards/${id}/photos`)]);
      if (!sightings.ok || !photos.ok || this.id !== id) return;
      this.history = { sightings: (await sightings.json()).sightings, photos: (await photos.json()).photos };
      this.app.render();
    } catch { /* no signal: the card says what the phone knows */ }
  }

  #hazard() {
    return this.app.shift.hazards.find((one) => one.id === this.id) ?? this.app.ownHazards().find((one) => one.id === this.id) ?? null;
  }

  render() {
    const one = this.#hazard();
    if (!one) return [el("p", { class: "soft" }, t("field.hazard_unknown"))];
    const { app } = this;
    const p = one.properties;
    const look = app.palette.get(p.category);
    return [
      el("div", { class: "view__head" }, badge(look), el("h2", { class: "view__title" }, app.palette.called(p)), el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => app.go("tag") } }, t("field.close"))),
      el("p", { class: "soft" }, [app.palette.subtype(p.category, p.subtype), t("field.last_seen", { time: dateTime(p.last_seen_at ?? p.observed_at) }), p.sightings ? t("field.seen_times", { n: p.sightings }) : ""].filter(Boolean).join(" · ")),
      p.note ? el("p", { class: "words" }, p.note) : null,
      this.#pictures(p),
      this.#questions(p.category),
      el("div", { class: "grid grid--three" }, STATES.map((state) => el("button", { class: "big", attributes: { type: "button", "data-state": state }, on: { click: () => this.#seen(one, state) } }, t(`field.seen.${state}`)))),
      el("div", { class: "row" },
        camera(t("field.camera"), (files) => this.#take(null, files)),
        p.version ? el("button", { class: "button", attributes: { type: "button" }, on: { click: () => { this.editing = this.editing ? null : { severity: p.severity, note: p.note }; app.render(); } } }, t("field.edit")) : null),
      this.editing ? this.#edit(one) : null,
      this.history?.sightings.length ? el("ul", { class: "list" }, this.history.sightings.slice(0, 30).map((seen) => el("li", { class: "list__one" },
        el("span", {}, t(`field.seen.${seen.state}`)), el("span", { class: "soft" }, `${dateTime(seen.observed_at)} · ${seen.seen_by}`)))) : null,
    ];
  }

  /** What it looked like, and beside it what it looks like now. */
  #pictures(p) {
    const known = this.history?.photos.map((photo) => photo.id) ?? (p.photo ? [p.photo] : []);
    const taken = this.photos.filter((photo) => !photo.of);
    if (!known.length && !taken.length) return null;
    return el("div", { class: "photos" }, known.slice(0, 12).map((id) => before(id, 96)), taken.map((photo) => shot(photo, () => this.#away(photo))));
  }

  #list(category) {
    return this.app.shift.pack.checklists?.[category] ?? { items: [], version: 0 };
  }

  #questions(category) {
    const { items } = this.#list(category);
    if (!items.length) return null;
    return el("details", { class: "later", attributes: { id: "hazard-list", open: this.listed }, on: { toggle: (event) => { this.listed = event.target.open; } } },
      el("summary", { attributes: { id: "hazard-list-open" } }, t("field.checklist", { n: items.length })),
      questions(items, {
        answers: this.answers, photos: this.photos, marked: this.marked,
        put: (id, value, { quiet } = {}) => { this.answers[id] = value; if (!quiet) this.app.render(); },
        take: (of, files) => this.#take(of, files), away: (photo) => this.#away(photo),
      }),
      el("p", { class: "soft" }, t("field.checklist_then")));
  }

  async #take(of, files) {
    this.photos = [...this.photos, ...(await takeInAll(files, this.app)).map((photo) => ({ ...photo, of }))];
    this.app.render();
  }

  #away(photo) {
    this.photos = this.photos.filter((one) => one !== photo);
    this.app.render();
  }

  /** One tap says how it is; what was answered of the checklist goes along as a visit. */
  async #seen(one, state) {
    const { app, photos } = this;
    const { category } = one.properties;
    const list = this.#list(category);
    const answers = given(this.answers);
    const wrong = badNumber(list.items, answers);
    const missing = wrong ?? missingPhoto(list.items, answers, photos);
    if (missing) {
      this.marked = missing.id;
      this.listed = true;
      app.render();
      app.say(wrong ? t("field.number_bad", { question: label(wrong), least: wrong.least ?? "", most: wrong.most ?? "" }) : t("field.photo_missing", { question: label(missing) }), "alert");
      return;
    }
    const visit = Object.keys(answers).length ? crypto.randomUUID() : null;
    const records = [];
    if (visit) {
      const place = app.position?.place;
      const data = {
        id: visit, hazard: one.id, started_at: this.opened_at, ended_at: new Date().toISOString(), answers: { checklist: category, version: list.version, items: answers },
        ...(place ? { lon: place[0], lat: place[1], position_error_m: Math.min(100_000, app.position.accuracy_m ?? 0) } : {}),
      };
      records.push({ id: visit, kind: "inspection", data });
    }
    const ofVisit = visit ? photos.filter((photo) => photo.of) : [];
    const ofHazard = photos.filter((photo) => !ofVisit.includes(photo));
    try {
      await app.addSighting(one.id, state, ofHazard, [...records, ...ofVisit.map((photo) => photoRecord(photo, { inspection: visit }))], ofVisit);
    } catch (error) {
      app.say(t("field.not_kept", { reason: error.message ?? String(error) }), "alert");
      return;
    }
    app.go("tag");
  }

  /** Take a refused edit back into the form. */
  mendEdit(record) {
    this.open(record.data.hazard);
    const known = this.#hazard()?.properties ?? {};
    this.mending = record;
    this.editing = { severity: record.data.severity ?? known.severity, note: record.data.note ?? known.note ?? "" };
    this.app.render();
  }

  #edit(one) {
    const { app, editing } = this;
    return el("form", { class: "tag", on: { submit: (event) => { event.preventDefault(); this.#saveEdit(one); } } },
      el("div", { class: "chips-row" }, app.severities.map((entry) => el("button", {
        class: "chip-button", attributes: { type: "button", "aria-pressed": String(editing.severity === Number(entry.code)) },
        on: { click: () => { editing.severity = Number(entry.code); app.render(); } },
      }, label(entry)))),
      el("label", { class: "note" }, el("span", {}, t("field.note")), el("textarea", { attributes: { id: "edit-note", rows: 3 }, on: { input: (event) => { editing.note = event.target.value; } } }, editing.note)),
      el("button", { class: "save", attributes: { type: "submit" } }, t("field.save")));
  }

  async #saveEdit(one) {
    const { app, mending } = this;
    const { severity, note } = this.editing;
    if (note.length > outbox.LONGEST_NOTE) {
      app.say(t("field.note_long", { n: note.length, most: outbox.LONGEST_NOTE }), "alert");
      return;
    }
    const id = mending?.id ?? crypto.randomUUID();
    const data = { ...mending?.data, id, hazard: one.id, version: one.properties.version ?? mending?.data.version, severity, note: note.trim() };
    try {
      if (mending) await outbox.mend(id, data);
      await app.writeDown(mending ? [] : [{ id, kind: "hazard_edit", data }], [], t("field.saved"));
    } catch (error) {
      app.say(t("field.not_kept", { reason: error.message ?? String(error) }), "alert");
      return;
    }
    this.editing = null;
    this.mending = null;
    app.render();
  }
}
