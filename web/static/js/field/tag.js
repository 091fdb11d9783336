// Tag a hazard: where, what, save. Everything else may be added and need not.

import { dateTime, label, metres, nameOf, t } from "../lib/i18n.js";
import { badge } from "../lib/symbols.js";
import { metresBetween } from "../lib/measure.js";
import { debounce, el } from "../lib/text.js";
import * as outbox from "./outbox.js";
import { photoRecord, takeInAll } from "./photo.js";
import { ask } from "./sender.js";
import { bare, before, camera, shot } from "./shots.js";
import { forget, keep, kept } from "./store.js";

const HISTORY = 3;
const QUIET_MS = 300;
const WRITTEN = ["id", "place", "placed", "category", "subtype", "severity", "note", "mending", "instead"];
const FAR_M = 3_000;
const ROUGH_M = 100;

export class Tag {
  /** @param {object} app see pages/field.js */
  constructor(app) {
    this.app = app;
    this.histories = new Map(); // of known hazards: their last sightings, once they have come
    this.reset();
    this.rememberSoon = debounce(() => this.remember(), QUIET_MS);
  }

  reset() {
    Object.assign(this, { id: crypto.randomUUID(), place: null, placed: false, category: null, subtype: "", severity: 2, note: "", photos: [], mending: null, instead: null, asSame: undefined, round: null });
  }

  /** What was half written when the phone closed the app, as it may while its camera is open. */
  async restore() {
    const draft = await kept("tag");
    if (!draft?.category && !draft?.mending) return;
    if (!draft.mending && (await outbox.one(draft.id))) { // it was saved in the app's last moment
      await forget("tag");
      return;
    }
    Object.assign(this, draft);
    if (draft.ofRound) {
      await this.app.views();
      if (this.app.round?.draft) this.round = this.app.round;
    }
    this.app.map.setPin(this.place);
    if (this.place) this.app.map.look(this.place);
  }

  /** Keep what is half written as it stands. */
  async remember() {
    try {
      if (!this.category && !this.mending) await forget("tag");
      else await keep("tag", { ...Object.fromEntries(WRITTEN.map((name) => [name, this[name]])), photos: bare(this.photos), ofRound: this.round !== null && this.round === this.app.round });
    } catch { /* a full phone: the form itself is still here, and saving says so */ }
  }

  #changed() {
    this.remember();
    this.app.render();
  }

  /** Begin with a place of one's own choice, or follow the position until one is chosen. */
  put(place, { byHand = true } = {}) {
    this.place = place;
    this.placed = this.placed || byHand;
    this.asSame = undefined;
    this.app.map.setPin(place);
    this.#changed();
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
    return [this.#where(), this.category ? this.#form(used) : this.#categories(used)];
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
    this.#changed();
    this.app.focusSheet();
  }

  #form(used) {
    const look = this.app.palette.get(this.category);
    const same = this.place && this.asSame === undefined && !this.mending ? this.app.shift.alike(this.category, this.place, this.app.records) : [];
    return el("form", { class: "tag", on: { submit: (event) => { event.preventDefault(); this.save(); } } },
      el("div", { class: "tag__head" },
        el("button", { class: "big big--chosen", attributes: { type: "button" }, on: { click: () => { this.category = null; this.#changed(); } } },
          badge(look), el("span", {}, look.name), el("span", { class: "visually-hidden" }, t("field.change_category"))),
        el("button", { class: "save", attributes: { type: "submit", id: "save" } }, t("field.save"))),
      same.length ? this.#same(same) : null,
      look.subtypes.size ? this.#chips(t("field.subtype"), this.#mostUsed([...look.subtypes], used), this.subtype, (code) => { this.subtype = this.subtype === code ? "" : code; }) : null,
      this.#photos(),
      this.#chips(t("field.severity"), this.app.severities.map((one) => [Number(one.code), label(one)]), this.severity, (code) => { this.severity = code; }),
      el("label", { class: "note" }, el("span", {}, t("field.note")),
        el("textarea", { attributes: { id: "note", rows: 2, "aria-describedby": "note-hint" }, on: { input: (event) => { this.note = event.target.value; this.rememberSoon(); } } }, this.note)),
      el("p", { class: "soft", attributes: { id: "note-hint" } }, t("field.no_names")));
  }

  #mostUsed(entries, used) {
    const often = ([code]) => used[`${this.category}.${code}`] ?? 0;
    return entries.sort((a, b) => often(b) - often(a));
  }

  #chips(title, entries, chosen, choose) {
    return el("fieldset", { class: "chips-set" }, el("legend", {}, title), el("div", { class: "chips-row" }, entries.map(([code, name]) =>
      el("button", { class: "chip-button", attributes: { type: "button", "aria-pressed": String(code === chosen) }, on: { click: () => { choose(code); this.#changed(); } } }, name))));
  }

  #photos() {
    return el("div", { class: "photos" },
      camera(t("field.camera"), (files) => this.#add(files), { id: "photo-camera" }),
      camera(t("field.gallery"), (files) => this.#add(files), { many: true, id: "photo-gallery" }),
      this.photos.map((photo) => shot(photo, () => { this.photos = this.photos.filter((one) => one !== photo); this.#changed(); })));
  }

  async #add(files) {
    this.photos = [...this.photos, ...(await takeInAll(files, this.app))];
    this.#changed();
  }

  #same(found) {
    return el("section", { class: "same", attributes: { role: "group", "aria-label": t("field.same_title") } },
      el("h2", {}, t("field.same_title")),
      found.slice(0, 3).map(({ hazard, distance_m, last_seen }) => el("div", { class: "same__one" },
        hazard.properties.photo ? before(hazard.properties.photo) : null,
        el("div", {},
          el("p", {}, this.app.palette.called(hazard.properties)),
          el("p", { class: "soft" }, [t("field.same_line", { distance: metres(distance_m), time: dateTime(last_seen) }), hazard.properties.sightings ? t("field.seen_times", { n: hazard.properties.sightings }) : ""].filter(Boolean).join(" · ")),
          hazard.properties.note ? el("p", { class: "soft same__note" }, hazard.properties.note.slice(0, 120)) : null,
          this.#history(hazard)),
        el("button", { class: "yes", attributes: { type: "button" }, on: { click: () => this.#isSame(hazard) } }, t("field.same_yes")))),
      el("button", { class: "text-button", attributes: { type: "button" }, on: { click: () => { this.asSame = null; this.app.render(); } } }, t("field.same_no")));
  }

  /** When it was seen before, and how it was: asked for once, and shown when there is a signal. */
  #history({ id, properties }) {
    if (!properties.sightings) return null;
    const known = this.histories.get(id);
    if (!known) {
      this.histories.set(id, []);
      ask("GET", `hazards/${id}/sightings`).then(async (response) => {
        if (!response.ok) return;
        this.histories.set(id, (await response.json()).sightings.slice(0, HISTORY));
        if (this.app.view === "tag" && this.category) this.app.render();
      }).catch(() => this.histories.delete(id));
      return null;
    }
    return known.length ? el("ul", { class: "soft same__history" }, known.map((one) => el("li", {}, [t(`field.seen.${one.state}`), dateTime(one.observed_at), one.seen_by].filter(Boolean).join(" · ")))) : null;
  }

  async #isSame(hazard) {
    try {
      await this.app.addSighting(hazard.id, "there", this.photos);
    } catch (error) {
      this.app.say(t("field.not_kept", { reason: error.message ?? String(error) }), "alert"); // the form stays as it is
      return;
    }
    this.#done();
  }

  #done() {
    const { round } = this;
    this.reset();
    this.remember();
    this.app.map.setPin(null);
    if (round) this.app.go(round.view);
    else if (this.app.position?.place) this.follow(this.app.position);
    this.app.render();
  }

  async save() {
    if (!this.place) {
      this.app.say(t("field.needs_place"), "alert");
      return;
    }
    if (this.note.length > outbox.LONGEST_NOTE) {
      this.app.say(t("field.note_long", { n: this.note.length, most: outbox.LONGEST_NOTE }), "alert");
      document.getElementById("note")?.focus();
      return;
    }
    const [lon, lat] = this.place;
    const { position } = this.app;
    const id = this.mending ?? this.id;
    const data = {
      id, lon, lat, category: this.category, subtype: this.subtype, severity: this.severity, note: this.note.trim(),
      observed_at: new Date().toISOString(),
      ...(!this.placed && position?.accuracy_m ? { position_error_m: Math.min(100_000, position.accuracy_m) } : {}),
    };
    const photos = this.photos;
    try {
      if (this.mending) {
        const earlier = await outbox.one(id);
        await outbox.mend(id, { ...data, observed_at: outbox.mendedTime(earlier?.data.observed_at) });
        await this.app.writeDown(photos.map((photo) => photoRecord(photo, { hazard: id })), photos, t("field.saved"));
      } else {
        await this.app.writeDown([{ id, kind: "hazard", data }, ...photos.map((photo) => photoRecord(photo, { hazard: id }))], photos, t("field.saved"));
        const used = await this.used();
        const often = [this.category, ...(this.subtype ? [`${this.category}.${this.subtype}`] : [])];
        await keep("used", { ...used, ...Object.fromEntries(often.map((key) => [key, (used[key] ?? 0) + 1])) }).catch(() => {}); // the record is kept: that counts
        if (this.instead) await outbox.discard(this.instead);
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
    const subtype = known && this.app.palette.get(data.category).subtypes.has(data.subtype) ? data.subtype : "";
    Object.assign(this, {
      mending: record.id, place: [data.lon, data.lat], placed: true, category: known ? data.category : null, subtype, severity: data.severity ?? 2, note: data.note ?? "",
    });
    this.#begin();
  }

  /** A sighting that was refused, as a hazard of its own. */
  fromSighting(record) {
    const { data } = record;
    const hazard = this.app.shift.hazards.find((one) => one.id === data.hazard);
    this.reset();
    const place = data.lon === undefined ? hazard?.geometry.coordinates ?? this.app.position?.place ?? null : [data.lon, data.lat];
    Object.assign(this, { instead: record.id, place, placed: place !== null, category: hazard?.properties.category ?? null, subtype: hazard?.properties.subtype ?? "", note: data.note ?? "" });
    this.#begin();
  }

  #begin() {
    this.app.map.setPin(this.place);
    if (this.place) this.app.map.look(this.place);
    this.remember();
    this.app.go("tag");
  }
}
