// A round at a school: arrival, checklist, the known hazards around it, findings. It can be left and taken up again.

import { label, metres, nameOf, t } from "../lib/i18n.js";
import { metresToArea } from "../lib/measure.js";
import { badge } from "../lib/symbols.js";
import { debounce, el } from "../lib/text.js";
import * as outbox from "./outbox.js";
import { photoRecord, takeInAll } from "./photo.js";
import { badNumber, given, missingPhoto, questions, unanswered } from "./questions.js";
import { bare, before, camera, shot } from "./shots.js";
import { forget, keep, kept } from "./store.js";

const ARRIVED_M = 150;
const KNOWN = 40;
const STATES = ["there", "worse", "gone"];
const NO_LIST = { items: [], version: 0 };
const QUIET_MS = 300;

export class Round {
  constructor(app) {
    this.app = app;
    this.draft = null;
    this.photos = [];
    this.marked = null;
    this.rememberSoon = debounce(() => this.remember(), QUIET_MS);
    this.view = "round"; // where one goes back to after a finding
  }

  async restore() {
    this.draft = (await kept("round")) ?? null;
    this.photos = (await kept("round-photos")) ?? [];
    if (this.draft && !this.draft.mending && (await outbox.one(this.draft.id))) await this.#clear(); // it was finished in the app's last moment
  }

  async #clear() {
    Object.assign(this, { draft: null, photos: [], marked: null });
    await forget("round");
    await forget("round-photos");
  }

  /** Keep the round as it stands. */
  async remember() {
    try {
      await keep("round", this.draft);
      await keep("round-photos", bare(this.photos));
    } catch (error) {
      this.app.say(t("field.not_kept", { reason: error.message ?? String(error) }), "alert"); // what was typed is still here
    }
  }

  async begin(due) {
    if (this.draft && this.draft.school !== due.id && !(await this.app.sure(t("field.round_replace", { name: this.draft.name })))) return;
    if (this.draft?.school !== due.id) await this.#start({ school: due.id, name: nameOf(due) });
    this.app.go("round");
  }

  async #start(change) {
    this.draft = { id: crypto.randomUUID(), started_at: new Date().toISOString(), answers: {}, seen: {}, found: [], reason: "", absent: false, note: "", mending: false, ...change };
    this.photos = [];
    this.marked = null;
    await this.remember();
  }

  /** Take the refused record of a round back into the form. */
  async mend(record) {
    const { data } = record;
    if (this.draft && this.draft.id !== record.id && !(await this.app.sure(t("field.round_replace", { name: this.draft.name })))) return;
    const school = this.app.shift.schools.find((one) => one.id === data.school);
    await this.#start({
      id: record.id, school: data.school, name: school ? nameOf(school.properties) : t("field.kind.inspection"), started_at: data.started_at, mending: true,
      answers: data.answers?.items ?? {}, found: data.answers?.found ?? [], reason: data.answers?.arrival_reason ?? "", absent: data.outcome === "not_reached", note: data.note ?? "",
    });
    this.app.go("round");
  }

  #school() {
    return this.app.shift.schools.find((one) => one.id === this.draft.school) ?? null;
  }

  #list() {
    return this.app.shift.pack.checklists?.school ?? NO_LIST;
  }

  /** {away_m, arrived} by the position of now, or nulls. */
  #arrival() {
    const school = this.#school();
    const { position } = this.app;
    if (!school || !position?.place) return { away_m: null, arrived: false };
    const away_m = metresToArea(school.geometry, position.place);
    return { away_m, arrived: away_m <= ARRIVED_M + Math.min(position.accuracy_m ?? 0, 100) };
  }

  /** Note a change; `quiet` while somebody types, so that nothing is drawn anew under their finger. */
  async #change(change, { quiet = false } = {}) {
    Object.assign(this.draft, change);
    if (quiet) {
      this.rememberSoon();
      return;
    }
    this.app.render();
    await this.remember();
  }

  /** A position has come: whether one has arrived is said anew, and nothing else is touched. */
  arrive() {
    const node = document.getElementById("round-arrival");
    if (!node || !this.draft) return;
    const fresh = this.#reached();
    if (node.contains(document.activeElement) && node.dataset.arrived === fresh.dataset.arrived) return; // somebody is at it
    node.replaceWith(fresh);
  }

  found(id) {
    this.draft?.found.push(id);
    this.remember();
  }

  render() {
    if (!this.draft) return this.#begun();
    const { draft, app } = this;
    const school = this.#school();
    const { items } = this.#list();
    return [
      el("h2", { class: "view__title" }, t("field.round_at", { name: draft.name })),
      this.#reached(),
      questions(items, {
        answers: draft.answers, photos: this.photos, marked: this.marked,
        put: (id, value, how) => this.#change({ answers: { ...draft.answers, [id]: value } }, how),
        take: (of, files) => this.#take(of, files), away: (photo) => this.#away(photo),
      }),
      this.#known(school),
      el("div", { class: "row" },
        el("button", { class: "button", attributes: { type: "button", id: "round-finding" }, on: { click: () => this.#finding() } }, t("field.finding")),
        draft.found.length ? el("span", { class: "soft" }, t("field.findings", { n: draft.found.length })) : null),
      el("label", { class: "note" }, el("span", {}, t("field.note")), el("textarea", { attributes: { id: "round-note", rows: 2 }, on: { input: (event) => this.#change({ note: event.target.value }, { quiet: true }) } }, draft.note)),
      el("p", { class: "soft" }, t("field.no_names")),
      el("div", { class: "row row--end" },
        el("button", { class: "button", attributes: { type: "button", id: "round-leave" }, on: { click: () => app.go("day") } }, t("field.round_leave")),
        el("button", { class: "save", attributes: { type: "button", id: "round-done" }, on: { click: () => this.finish() } }, t("field.round_done"))),
    ];
  }

  /** No round is on: the schools that may be gone to, and the walk through the cells. */
  #begun() {
    const due = (this.app.shift.pack.due ?? []).filter((one) => one.kind === "school");
    return [
      el("h2", { class: "view__title" }, t("field.round_begin")),
      due.length ? el("ul", { class: "list" }, this.app.day.sorted(due).map((one) => this.app.day.line(one))) : el("p", { class: "soft" }, t(this.app.shift.known ? "field.no_round" : "field.no_pack")),
      this.app.walk.render(),
    ];
  }

  #reached() {
    const { draft } = this;
    const { away_m, arrived } = this.#arrival();
    const why = (absent) => el("button", { class: "chip-button", attributes: { type: "button", id: absent ? "round-absent" : "round-present", "aria-pressed": String(draft.absent === absent) }, on: { click: () => this.#change({ absent }) } }, t(absent ? "field.absent" : "field.present"));
    return el("div", { attributes: { id: "round-arrival", "data-arrived": String(arrived) } },
      el("p", { class: arrived ? "good" : "warn" }, arrived ? t("field.arrived", { distance: metres(away_m) }) : away_m === null ? t("field.arrival_unknown") : t("field.not_arrived", { distance: metres(away_m) })),
      arrived ? null : el("div", {},
        el("div", { class: "chips-row", attributes: { role: "group", "aria-label": t("field.reason_why") } }, why(false), why(true)),
        el("label", { class: "note" }, el("span", {}, t("field.reason_why")), el("input", { attributes: { id: "round-reason", value: draft.reason, maxlength: 200 }, on: { input: (event) => this.#change({ reason: event.target.value }, { quiet: true }) } }))));
  }

  async #take(of, files) {
    const taken = (await takeInAll(files, this.app)).map((photo) => ({ ...photo, of }));
    this.photos = [...this.photos.filter((one) => one.of !== of || taken.length === 0), ...taken];
    await this.#change({});
  }

  async #away(photo) {
    this.photos = this.photos.filter((one) => one !== photo);
    await this.#change({});
  }

  #known(school) {
    const hazards = school && !this.draft.mending ? this.app.shift.hazardsOf(school) : [];
    if (!hazards.length) return null;
    return el("section", {}, el("h3", {}, t("field.known_hazards")), el("ul", { class: "list" }, hazards.slice(0, KNOWN).map((one) => {
      const look = this.app.palette.get(one.properties.category);
      const chosen = this.draft.seen[one.id];
      const taken = this.photos.filter((photo) => photo.of === one.id);
      return el("li", { class: "known", attributes: { "data-hazard": one.id } },
        el("div", { class: "list__main" }, badge(look), el("span", {}, this.app.palette.called(one.properties)), el("span", { class: "soft" }, one.properties.note.slice(0, 80))),
        one.properties.photo || taken.length ? el("div", { class: "photos" }, one.properties.photo ? before(one.properties.photo) : null, taken.map((photo) => shot(photo, () => this.#away(photo)))) : null,
        el("div", { class: "chips-row", attributes: { role: "group", "aria-label": this.app.palette.called(one.properties) } }, STATES.map((state) => el("button", {
          class: "chip-button", attributes: { type: "button", id: `seen-${one.id}-${state}`, "aria-pressed": String(chosen === state) },
          on: { click: () => this.#change({ seen: { ...this.draft.seen, [one.id]: chosen === state ? undefined : state } }) },
        }, t(`field.seen.${state}`))),
        chosen ? camera(t(taken.length ? "field.photo_taken" : "field.camera"), (files) => this.#take(one.id, files)) : null));
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

  /** What keeps the round from being finished, or null. */
  #missing(items) {
    const { draft } = this;
    const number = badNumber(items, draft.answers);
    if (number) return { of: number.id, text: t("field.number_bad", { question: label(number), least: number.least ?? "", most: number.most ?? "" }) };
    const photo = draft.absent ? undefined : missingPhoto(items, draft.answers, this.photos);
    if (photo && !draft.mending) return { of: photo.id, text: t("field.photo_missing", { question: label(photo) }) };
    if (draft.note.length > outbox.LONGEST_NOTE) return { of: "round-note", text: t("field.note_long", { n: draft.note.length, most: outbox.LONGEST_NOTE }) };
    if (!this.#arrival().arrived && !draft.reason.trim()) return { of: "round-reason", text: t("field.reason_needed") };
    return null;
  }

  async finish() {
    const { draft, app } = this;
    const list = this.#list();
    const missing = this.#missing(list.items);
    if (missing) {
      this.marked = missing.of;
      await app.render();
      const node = document.querySelector(`[data-question="${missing.of}"]`) ?? document.getElementById(missing.of);
      node?.scrollIntoView({ block: "center" });
      if (node && !node.dataset.question) node.focus();
      app.say(missing.text, "alert");
      return;
    }
    const open = draft.absent ? 0 : unanswered(list.items, draft.answers);
    if (open && !(await app.sure(t("field.unanswered", { n: open })))) return;
    try {
      await this.#write(list);
    } catch (error) {
      app.say(t("field.not_kept", { reason: error.message ?? String(error) }), "alert");
      return;
    }
    await this.#clear();
    app.go("day");
  }

  async #write(list) {
    const { draft, app, photos } = this;
    const { arrived } = this.#arrival();
    const { position } = app;
    const now = new Date().toISOString();
    const started_at = outbox.mendedTime(draft.started_at);
    const inspection = {
      id: draft.id, school: draft.school, started_at, ended_at: now > started_at ? now : started_at, note: draft.note.trim(),
      outcome: !arrived && draft.absent ? "not_reached" : "done",
      answers: { checklist: "school", version: list.version, items: given(draft.answers), found: draft.found, ...(arrived ? {} : { arrival_reason: draft.reason.trim() }) },
      ...(position?.place ? { lon: position.place[0], lat: position.place[1], position_error_m: Math.min(100_000, position.accuracy_m ?? 0) } : {}),
    };
    const seen = Object.entries(draft.seen).filter(([, state]) => state);
    const sightings = seen.map(([hazard, state]) => ({ hazard, state, id: crypto.randomUUID(), observed_at: now }));
    const owner = (photo) => (seen.some(([hazard]) => hazard === photo.of) ? { hazard: photo.of } : { inspection: draft.id });
    const more = [...sightings.map((data) => ({ id: data.id, kind: "sighting", data })), ...photos.map((photo) => photoRecord(photo, owner(photo)))];
    if (draft.mending) {
      await outbox.mend(draft.id, inspection);
      await app.writeDown(more, photos, t("field.round_saved"));
    } else await app.writeDown([{ id: draft.id, kind: "inspection", data: inspection }, ...more], photos, t("field.round_saved"));
  }
}
