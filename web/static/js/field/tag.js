// Tag a hazard: where, what, save. Everything else may be added and need not.

import { dateTime, label, metres, nameOf, t } from "../lib/i18n.js";
import { badge } from "../lib/symbols.js";
import { el } from "../lib/text.js";
import { metresBetween } from "../lib/measure.js";
import * as outbox from "./outbox.js";
import { NoPhoto, photoRecord, takeIn } from "./photo.js";
import { keep, kept } from "./store.js";

const LONGEST_NOTE = 10_000;
const FAR_M = 3_000;
const ROUGH_M = 100;

export class Tag {
  /** @param {object} app see pages/field.js */
  constructor(app) {
    this.app = app;
    this.reset();
  }

  reset() {
    Object.assign(this, { place: null, placed: false, category: null, subtype: "", severity: 2, note: "", photos: [], mending: null, asSame: undefined, round: null });
  }

  /** Begin with a place of one's own choice, or follow the position until one is chosen. */
  put(place, { byHand = true } = {}) {
    this.place = place;
    this.placed = this.placed || byHand;
    this.asSame = undefined;
    this.app.map.setPin(place);
    this.app.render();
  }

  /** The phone has moved: the pin follows until somebody has put it elsewhere. */
  follow(position) {
    if (this.placed || this.category) return;
    const first = this.place === null;
    this.place = position.place;
    this.app.map.setPin(position.place);
    if (first) this.app.map.look(position.place);
  }

  async used() {
    return (await kept("used")) ?? {};
  }

  render(used) {
    return [this.#where(), this.category ? this.#form() : this.#categories(used)];
  }

  #where() {
    const { shift, position } = this.app;
    if (!this.place) {
      const why = t(position?.denied ? "field.position_denied" : position?.missing ? "field.position_missing" : "field.position_waiting");
      return el("p", { class: "where where--none", attributes: { role: "status" } }, why);
    }
    const { cell, schools } = shift.describe(this.place);
    const lines = schools.slice(0, 2).map(({ school, boundary_m, gate_m }) => el("li", {},
      el("strong", {}, nameOf(school.properties)), " ",
      boundary_m === 0 ? t("field.on_campus") : t("field.to_boundary", { distance: metres(boundary_m) }),
      gate_m === null ? "" : ` · ${t("field.to_gate", { distance: metres(gate_m) })}`));
    const from = position?.place ? metresBetween(position.place, this.place) : null;
    return el("div", { class: "where" },
      el("p", { class: "where__cell" }, cell ? t("field.cell", { code: cell.properties.code }) : t("field.no_cell"),
        position?.accuracy_m && !this.placed ? ` · ${t("field.accuracy", { distance: metres(position.accuracy_m) })}` : ""),
      lines.length ? el("ul", {}, lines) : el("p", { class: "soft" }, shift.known ? t("field.no_school") : t("field.no_pack")),
      from !== null && from > FAR_M ? el("p", { class: "warn", attributes: { role: "alert" } }, t("field.far", { distance: metres(from) })) : null,
      !this.placed && position?.accuracy_m > ROUGH_M ? el("p", { class: "warn" }, t("field.rough")) : null);
  }

  #categories(used) {
    const list = [...this.app.palette.list].sort((a, b) => (used[b.code] ?? 0) - (used[a.code] ?? 0));
    return el("div", { class: "grid", attributes: { role: "group", "aria-label": t("field.category") } }, list.map((look) =>
      el("button", { class: "big", attributes: { type: "button", "data-category": look.code }, on: { click: () => this.#choose(look.code) } },
        badge(look), el("span", {}, look.name))));
  }

  #choose(code) {
    this.category = code;
    this.subtype = "";
    this.asSame = undefined;
    this.app.render();
    this.app.focusSheet();
  }

  #form() {
    const look = this.app.palette.get(this.category);
    const same = this.place && this.asSame === undefined && !this.mending ? this.app.shift.alike(this.category, this.place, this.app.records) : [];
    return el("form", { class: "tag", on: { submit: (event) => { event.preventDefault(); this.save(); } } },
      el("div", { class: "tag__head" },
        el("button", { class: "big big--chosen", attributes: { type: "button" }, on: { click: () => { this.category = null; this.app.render(); } } },
          badge(look), el("span", {}, look.name), el("span", { class: "visually-hidden" }, t("field.change_category"))),
        el("button", { class: "save", attributes: { type: "submit", id: "save" } }, t("field.save"))),
      same.length ? this.#same(same) : null,
      look.subtypes.size ? this.#chips(t("field.subtype"), [...look.subtypes], this.subtype, (code) => { this.subtype = this.subtype === code ? "" : code; }) : null,
      this.#photos(),
      this.#chips(t("field.severity"), this.app.severities.map((one) => [Number(one.code), label(one)]), this.severity, (code) => { this.severity = code; }),
      el("label", { class: "note" }, el("span", {}, t("field.note")),
        el("textarea", { attributes: { id: "note", rows: 2, maxlength: LONGEST_NOTE }, on: { input: (event) => { this.note = event.target.value; } } }, this.note)),
      el("p", { class: "soft" }, t("field.no_names")));
  }

  #chips(title, entries, chosen, choose) {
    return el("fieldset", { class: "chips-set" }, el("legend", {}, title), el("div", { class: "chips-row" }, entries.map(([code, name]) =>
      el("button", { class: "chip-button", attributes: { type: "button", "aria-pressed": String(code === chosen) }, on: { click: () => { choose(code); this.app.render(); } } }, name))));
  }

  #photos() {
    const input = (capture) => el("input", {
      class: "visually-hidden",
      attributes: { type: "file", accept: "image/*", capture, multiple: capture ? null : true, id: capture ? "photo-camera" : "photo-gallery" },
      on: { change: (event) => this.#add([...event.target.files]) },
    });
    return el("div", { class: "photos" },
      el("label", { class: "photo-button" }, t("field.camera"), input("environment")),
      el("label", { class: "photo-button" }, t("field.gallery"), input(null)),
      this.photos.map((photo) => el("span", { class: "photo" },
        el("img", { attributes: { src: photo.url, alt: t("field.photo"), width: 72, height: 72 } }),
        el("button", { class: "photo__away", attributes: { type: "button", "aria-label": t("field.photo_away") }, on: { click: () => { this.photos = this.photos.filter((one) => one !== photo); this.app.render(); } } }, "×"))));
  }

  async #add(files) {
    for (const file of files) {
      try {
        const photo = await takeIn(file);
        this.photos.push({ ...photo, url: URL.createObjectURL(photo.blob) });
      } catch (error) {
        if (!(error instanceof NoPhoto)) throw error;
        this.app.say(t(`field.bad_photo.${error.message}`), "alert");
      }
    }
    this.app.render();
  }

  #same(found) {
    return el("section", { class: "same", attributes: { role: "group", "aria-label": t("field.same_title") } },
      el("h2", {}, t("field.same_title")),
      found.slice(0, 3).map(({ hazard, distance_m, last_seen }) => el("div", { class: "same__one" },
        hazard.properties.photo ? el("img", { class: "same__photo", attributes: { src: `/api/v1/photos/${hazard.properties.photo}/thumbnail`, alt: t("field.photo"), width: 72, height: 72 } }) : null,
        el("div", {},
          el("p", {}, hazard.properties.name || this.app.palette.subtype(this.category, hazard.properties.subtype) || this.app.palette.get(this.category).name),
          el("p", { class: "soft" }, t("field.same_line", { distance: metres(distance_m), time: dateTime(last_seen), n: hazard.properties.sightings ?? 0 })),
          hazard.properties.note ? el("p", { class: "soft same__note" }, hazard.properties.note.slice(0, 120)) : null),
        el("button", { class: "yes", attributes: { type: "button" }, on: { click: () => this.#isSame(hazard) } }, t("field.same_yes")))),
      el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => { this.asSame = null; this.app.render(); } } }, t("field.same_no")));
  }

  async #isSame(hazard) {
    await this.app.addSighting(hazard.id, "there", this.photos);
    this.#done();
  }

  #done() {
    const { round } = this;
    this.reset();
    this.app.map.setPin(null);
    if (round) this.app.go("round");
    else if (this.app.position?.place) this.follow(this.app.position);
    this.app.render();
  }

  async save() {
    if (!this.place) {
      this.app.say(t("field.needs_place"), "alert");
      return;
    }
    const [lon, lat] = this.place;
    const { position } = this.app;
    const id = this.mending ?? crypto.randomUUID();
    const data = {
      id, lon, lat, category: this.category, subtype: this.subtype, severity: this.severity, note: this.note.trim(),
      observed_at: new Date().toISOString(),
      ...(!this.placed && position?.accuracy_m ? { position_error_m: Math.min(100_000, position.accuracy_m) } : {}),
    };
    const photos = this.photos;
    try {
      if (this.mending) {
        const before = await outbox.one(id);
        await outbox.mend(id, { ...data, observed_at: validTime(before?.data.observed_at) ?? data.observed_at });
        await this.app.writeDown(photos.map((photo) => photoRecord(photo, { hazard: id })), photos, t("field.saved"));
      } else {
        await this.app.writeDown([{ id, kind: "hazard", data }, ...photos.map((photo) => photoRecord(photo, { hazard: id }))], photos, t("field.saved"));
        const used = await this.used();
        await keep("used", { ...used, [this.category]: (used[this.category] ?? 0) + 1 });
      }
    } catch (error) {
      this.app.say(t("field.not_kept", { reason: error.message ?? String(error) }), "alert"); // the form stays as it is
      return;
    }
    this.round?.found(id);
    this.#done();
  }

  /** Take a record of the outbox back into the form. */
  mend(record) {
    this.reset();
    const { data } = record;
    const known = this.app.palette.byCode.has(data.category);
    Object.assign(this, {
      mending: record.id, place: [data.lon, data.lat], placed: true, category: known ? data.category : null,
      subtype: data.subtype ?? "", severity: data.severity ?? 2, note: (data.note ?? "").slice(0, LONGEST_NOTE),
    });
    this.app.map.setPin(this.place);
    this.app.map.look(this.place);
    this.app.go("tag");
  }
}

function validTime(text) {
  const year = new Date(text ?? "").getUTCFullYear();
  return year >= 2000 && year <= 2200 ? text : null;
}
