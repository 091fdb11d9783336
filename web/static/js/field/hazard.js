// A known hazard: what is known of it, its history, "still there / worse / gone", and mending what is said of it.

import { dateTime, label, t } from "../lib/i18n.js";
import { badge } from "../lib/symbols.js";
import { el } from "../lib/text.js";
import { NoPhoto, takeIn } from "./photo.js";
import { ask } from "./sender.js";

const STATES = ["there", "worse", "gone"];

export class HazardCard {
  constructor(app) {
    this.app = app;
    this.id = null;
    this.photos = [];
    this.history = null;
    this.editing = null;
  }

  open(id) {
    Object.assign(this, { id, photos: [], history: null, editing: null });
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
      el("div", { class: "view__head" }, badge(look), el("h2", { class: "view__title" }, p.name || look.name), el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => app.go("tag") } }, t("field.close"))),
      el("p", { class: "soft" }, [app.palette.subtype(p.category, p.subtype), t("field.last_seen", { time: dateTime(p.last_seen_at ?? p.observed_at) }), t("field.seen_times", { n: p.sightings ?? 0 })].filter(Boolean).join(" · ")),
      p.note ? el("p", { class: "words" }, p.note) : null,
      this.history?.photos.length ? el("div", { class: "photos" }, this.history.photos.map((photo) => el("img", { class: "same__photo", attributes: { src: photo.thumbnail_url, alt: t("field.photo"), width: 96, height: 96 } }))) : null,
      el("div", { class: "grid grid--three" }, STATES.map((state) => el("button", { class: "big", attributes: { type: "button", "data-state": state }, on: { click: () => this.#seen(state) } }, t(`field.seen.${state}`)))),
      el("div", { class: "row" },
        el("label", { class: "photo-button" }, this.photos.length ? t("field.photo_taken") : t("field.camera"),
          el("input", { class: "visually-hidden", attributes: { type: "file", accept: "image/*", capture: "environment" }, on: { change: (event) => this.#photo(event.target.files[0]) } })),
        p.version ? el("button", { class: "button", attributes: { type: "button" }, on: { click: () => { this.editing = this.editing ? null : { severity: p.severity, note: p.note }; app.render(); } } }, t("field.edit")) : null),
      this.editing ? this.#edit(one) : null,
      this.history?.sightings.length ? el("ul", { class: "list" }, this.history.sightings.slice(0, 30).map((seen) => el("li", { class: "list__one" },
        el("span", {}, t(`field.seen.${seen.state}`)), el("span", { class: "soft" }, `${dateTime(seen.observed_at)} · ${seen.seen_by}`)))) : null,
    ];
  }

  async #photo(file) {
    if (!file) return;
    try {
      this.photos = [await takeIn(file)];
    } catch (error) {
      if (!(error instanceof NoPhoto)) throw error;
      this.app.say(t(`field.bad_photo.${error.message}`), "alert");
    }
    this.app.render();
  }

  async #seen(state) {
    await this.app.addSighting(this.id, state, this.photos);
    this.app.go("tag");
  }

  #edit(one) {
    const { app, editing } = this;
    return el("form", { class: "tag", on: { submit: (event) => { event.preventDefault(); this.#saveEdit(one); } } },
      el("div", { class: "chips-row" }, app.severities.map((entry) => el("button", {
        class: "chip-button", attributes: { type: "button", "aria-pressed": String(editing.severity === Number(entry.code)) },
        on: { click: () => { editing.severity = Number(entry.code); app.render(); } },
      }, label(entry)))),
      el("label", { class: "note" }, el("span", {}, t("field.note")), el("textarea", { attributes: { id: "edit-note", rows: 3, maxlength: 10_000 }, on: { input: (event) => { editing.note = event.target.value; } } }, editing.note)),
      el("button", { class: "save", attributes: { type: "submit" } }, t("field.save")));
  }

  async #saveEdit(one) {
    const id = crypto.randomUUID();
    const { severity, note } = this.editing;
    await this.app.writeDown([{ id, kind: "hazard_edit", data: { id, hazard: one.id, version: one.properties.version, severity, note: note.trim() } }], [], t("field.saved"));
    this.editing = null;
    this.app.render();
  }
}
