// The inspector's app at /field: what is written goes into the outbox first; the network is only asked afterwards.
//
// Tagging comes first and by itself; the other views and the map come once it can be used (see field/views.js).

import { LaterMap } from "../field/latermap.js";
import * as outbox from "../field/outbox.js";
import { photoRecord } from "../field/photo.js";
import { watchPosition } from "../field/position.js";
import { ask, asked, onState, send, startSending, state } from "../field/sender.js";
import { NotForThem, freshShift, keptShift } from "../field/shift.js";
import { askToStay, forget, keep, kept } from "../field/store.js";
import { Tag } from "../field/tag.js";
import { prepare } from "../lib/geometry.js";
import { dateTime, pageConfig, t } from "../lib/i18n.js";
import { Palette } from "../lib/symbols.js";
import { append, el } from "../lib/text.js";

const VIEWS = ["tag", "day", "round", "patrol", "outbox", "hazard"];
const PACK_EVERY_MS = 10 * 60_000;
const SAID_MS = 3_500;
const byId = (id) => document.getElementById(id);

let coming = null;

/** The app of this page; exported for whoever looks into it from the browser's console, tests too. */
export const app = {
  view: "tag", records: [], position: null, me: null, refused: null, send: state, palette: new Palette([]), severities: [],
  shift: null, map: new LaterMap(), tag: null, day: null, round: null, card: null, track: null, walk: null, patrol: null,
  offline: { app: false, ground: false, possible: Boolean(navigator.serviceWorker) }, later: null,

  /** All views and the map, fetched once; null where the signal went meanwhile. */
  views() {
    coming ??= rest().catch((error) => {
      coming = null;
      console.error(error);
      return null;
    });
    return coming;
  },

  go(view) {
    app.view = view;
    if (window.location.hash !== `#${view}`) window.history.replaceState(null, "", `#${view}`);
    app.render();
    app.focusSheet();
  },

  focusSheet() { byId("sheet").scrollTop = 0; },

  /** Records and photos into the outbox, and off they go if there is a signal; `text` says that it is kept. */
  async writeDown(records, photos, text) {
    const { photosLost } = await outbox.write(records, photos, app.me?.id ?? null);
    if (photosLost) app.say(t("field.full", { n: photosLost }), "alert");
    else if (text) app.say(text);
    send();
  },

  /** Keep that a known hazard was seen again, with whatever else goes along. */
  async addSighting(hazard, how, photos, more = [], morePhotos = []) {
    const { position } = app;
    const id = crypto.randomUUID();
    const data = {
      id, hazard, state: how, observed_at: new Date().toISOString(),
      ...(position?.place ? { lon: position.place[0], lat: position.place[1], position_error_m: Math.min(100_000, position.accuracy_m ?? 0) } : {}),
    };
    await app.writeDown([{ id, kind: "sighting", data }, ...photos.map((photo) => photoRecord(photo, { hazard })), ...more], [...photos, ...morePhotos], t("field.seen_again"));
  },

  /** Own reports that the pack does not know of yet. */
  ownHazards() {
    return app.records.filter((one) => one.kind === "hazard" && !app.shift.told.has(one.id) && !app.shift.goneBy(one.id, app.records)).map((one) => prepare({
      id: one.id, geometry: { type: "Point", coordinates: [one.data.lon, one.data.lat] },
      properties: { name: "", status: "open", sightings: 0, ...one.data },
    }));
  },

  /** Sign out; what waits stays here, and is sent when its writer signs in again. */
  async signOut() {
    if (state.waiting && !(await app.sure(t("field.sign_out_waiting", { n: state.waiting })))) return;
    try {
      const { csrf } = await (await ask("GET", "me")).json();
      await ask("DELETE", "session", { csrf });
    } catch {
      app.say(t("field.sign_out_later"), "alert");
      return;
    }
    await forget("me");
    window.location.assign("/sign-in?next=/field");
  },

  async openHazard(id) { if (await app.views()) app.card.open(id); },

  sendNow() { send(); },

  say(text, kind = "status") {
    const node = byId("said");
    node.textContent = text;
    node.className = `said said--${kind}`;
    node.hidden = false;
    clearTimeout(app.saying);
    app.saying = setTimeout(() => { node.hidden = true; }, SAID_MS);
  },

  /** Ask before something is lost. */
  sure(question) {
    const dialog = byId("sure");
    byId("sure-question").textContent = question;
    dialog.showModal();
    return new Promise((answer) => {
      dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true });
    });
  },

  async render() {
    const refused = Boolean(app.refused) && app.refused === app.me?.id;
    document.body.dataset.refused = String(refused);
    if (refused) {
      showView(el("div", { class: "not-for-them", attributes: { id: "not-for-them" } }, el("p", {}, t("field.not_for_you")), el("a", { class: "button button--primary", attributes: { href: "/board" } }, t("field.to_board"))));
      return;
    }
    if (app.view === "tag") {
      const used = await app.tag.used();
      if (app.view === "tag") showView(app.tag.render(used));
      return;
    }
    if (!app.later) {
      showView(el("p", { class: "soft", attributes: { role: "status" } }, t("field.coming")));
      if (!(await app.views())) {
        if (app.view !== "tag") showView(el("p", { class: "warn", attributes: { role: "alert" } }, t("field.not_whole")));
        return;
      }
    }
    const view = { day: app.day, round: app.round, patrol: app.patrol, hazard: app.card, outbox: { render: () => app.later.renderOutbox(app) } }[app.view];
    if (view) showView(view.render()); // else it is tagging again meanwhile
  },
};

function showView(nodes) {
  const sheet = byId("sheet-body");
  const focused = document.activeElement?.id && sheet.contains(document.activeElement) ? document.activeElement.id : null;
  const selection = focused && "selectionStart" in document.activeElement ? document.activeElement.selectionStart : null;
  sheet.replaceChildren();
  append(sheet, [nodes]);
  const again = focused && byId(focused);
  if (again) {
    again.focus({ preventScroll: true });
    if (selection !== null) again.setSelectionRange?.(selection, selection);
  }
  byId("sheet").dataset.view = app.view;
  document.body.dataset.view = app.view;
  document.body.dataset.form = String(app.view === "tag" && Boolean(app.tag.category)); // the little map that is left belongs to the pin
  for (const tab of document.querySelectorAll("[data-go]")) tab.setAttribute("aria-current", tab.dataset.go === app.view ? "page" : "false");
  showTasks();
}

function showState() {
  const { phase, waiting, troubled, last_sent: last } = state;
  const pill = byId("net");
  pill.dataset.phase = phase;
  byId("net-words").textContent = [t(`field.phase.${phase}`), waiting ? t("field.waiting", { n: waiting }) : "", troubled ? t("field.troubled", { n: troubled }) : ""].filter(Boolean).join(" · ");
  pill.title = last ? t("field.last_sent", { time: dateTime(last) }) : t("field.never_sent");
  const badge = byId("outbox-count");
  badge.textContent = String(waiting + troubled);
  badge.hidden = waiting + troubled === 0;
  if (app.view === "outbox") app.render();
}

function showMap() {
  app.map.show(app.shift, [...app.shift.hazards, ...app.ownHazards()]);
  if (!app.later) return;
  app.walk.draw();
  app.patrol.draw();
  showTasks();
}

/** What is due stands on the map while the day is looked at, numbered as in the list. */
function showTasks() {
  if (app.later) app.map.todo(app.view === "day" ? app.day.shown() : [], (one) => app.day.pick(one));
}

async function refreshRecords() {
  app.records = await outbox.all();
  showMap();
  if (app.later && ["outbox", "day", "patrol"].includes(app.view)) app.render();
}

function takeWords(words) {
  if (!words) return;
  app.palette = new Palette(words.hazard_categories ?? []);
  app.severities = words.severities ?? [];
  app.map.words(app.palette);
}

async function refreshPack() {
  try {
    const me = await asked();
    if (me.id) {
      app.me = { id: me.id, name: me.name, display_name: me.display_name };
      await keep("me", app.me);
    }
    byId("person").textContent = app.me?.display_name || app.me?.name || "";
    byId("sign-in").hidden = Boolean(me.id);
    if (!me.id) return;
    const fresh = await freshShift(app.position?.place, app.shift.tag);
    if (app.refused) await refuse(null);
    if (!fresh) return;
    const first = !app.shift.known;
    app.shift = fresh;
    takeWords(await kept("words"));
    showMap();
    if (first && !app.position?.place) fitPack();
    app.render();
  } catch (error) {
    if (error instanceof NotForThem) await refuse(app.me.id);
    // else no signal: what is kept is good
  } finally {
    makeReady();
  }
}

/** Note, for the next start too, for whom there is nothing to do here. */
async function refuse(person) {
  app.refused = person;
  await keep("refused", person);
  app.render();
}

function fitPack() {
  if (app.shift.pack.bounds) app.map.frame(app.shift.pack.bounds);
}

let making = Promise.resolve();

/** See to it that the app can do without a signal, and say so the first time that it can. */
function makeReady() {
  making = making.then(async () => {
    app.offline.app = Boolean(navigator.serviceWorker?.controller);
    app.offline.ground = Boolean(app.later) && app.shift.known && (await app.later.fetchGround(app.shift.pack));
    if (app.view === "outbox") app.render();
    if (!app.offline.ground || app.refused || (await kept("said_ready"))) return;
    await keep("said_ready", true);
    app.say(t("field.offline_ready"));
  }).catch(console.error);
}

async function installWorker() {
  if (!navigator.serviceWorker) return;
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (data === "new-version") byId("new-version").hidden = false;
  });
  navigator.serviceWorker.addEventListener("controllerchange", makeReady); // from the first visit on
  byId("new-version-load").addEventListener("click", () => window.location.reload());
  try {
    await navigator.serviceWorker.register("/field/worker.js", { scope: "/field" });
  } catch { /* no worker (a private window): the app works while it is open */ }
}

/** Fetch all views and the map at once, not one import after the other, and put them in their places. */
async function rest() {
  document.head.append(...(pageConfig.later ?? []).map((href) => el("link", { attributes: { rel: "modulepreload", href } })));
  const sheet = byId("leaflet-css");
  const styled = sheet.sheet || new Promise((done) => { for (const event of ["load", "error"]) sheet.addEventListener(event, done, { once: true }); });
  const later = await import("../field/views.js");
  await styled;
  sheet.media = "all";
  const round = new later.Round(app);
  const track = new later.Track(app);
  const walk = new later.Walk(app);
  await Promise.all([round, track, walk].map((one) => one.restore()));
  app.map.came(new later.FieldMap(byId("map"), {
    palette: app.palette,
    chosen: (place) => { if (app.view !== "tag") app.go("tag"); app.tag.put(place); },
    pickHazard: (id) => app.openHazard(id),
  }));
  Object.assign(app, { later, round, track, walk, day: new later.Day(app), card: new later.HazardCard(app), patrol: new later.Patrol(app) });
  track.draw();
  showMap();
  later.searching(app);
  if (app.position?.place) moved(app.position);
  return later;
}

/** The phone has moved. */
function moved(position) {
  app.map.position(position);
  app.tag.follow(position);
  if (!app.later) return;
  app.track.follow(position);
  app.walk.follow(position);
  if (app.view === "patrol") app.patrol.moved();
}

function follow() {
  watchPosition((position) => {
    const before = app.position;
    app.position = position.place ? position : { ...before, ...position };
    if (position.place) moved(position);
    if ((app.view === "tag" && !app.tag.category) || (app.view === "day" && !before?.place)) app.render();
    if (app.view === "round") app.round?.arrive();
  });
}

function buttons() {
  for (const tab of document.querySelectorAll("[data-go]")) tab.addEventListener("click", () => app.go(tab.dataset.go));
  byId("here").addEventListener("click", () => {
    if (!app.position?.place) app.say(t(app.position?.denied ? "field.position_denied" : "field.position_waiting"), "alert");
    else {
      app.tag.placed = false;
      app.tag.put(app.position.place, { byHand: false });
      app.map.look(app.position.place);
    }
  });
  byId("net").addEventListener("click", () => app.go("outbox"));
  byId("sure-no").addEventListener("click", () => byId("sure").close("no"));
  byId("sure-yes").addEventListener("click", () => byId("sure").close("yes"));
}

async function start() {
  const [shift, me, refused, words, records] = await Promise.all([keptShift(), kept("me"), kept("refused"), kept("words"), outbox.all()]);
  Object.assign(app, { shift, records, me: me ?? null, refused: refused ?? null, tag: new Tag(app) });
  takeWords(words ?? pageConfig.words);
  if (shift.known) fitPack();
  await app.tag.restore();
  const wanted = window.location.hash.slice(1);
  if (VIEWS.includes(wanted) && wanted !== "hazard") app.view = wanted;
  buttons();
  showMap();
  outbox.onChange(refreshRecords);
  onState(showState);
  byId("person").textContent = app.me?.display_name || app.me?.name || "";
  await app.render();
  document.body.dataset.usable = "true";
  follow();
  await painted();
  await app.views();
  document.body.dataset.ready = "true";
  installWorker();
  askToStay();
  startSending(); // a shift's photos may take minutes on a slow line: what is new of the surroundings does not wait for them
  await refreshPack();
  document.addEventListener("visibilitychange", () => { // to the camera, say: what comes after, the phone decides
    if (!document.hidden) return;
    app.tag.remember();
    app.round?.remember();
  });
  setInterval(refreshPack, PACK_EVERY_MS);
  window.addEventListener("online", async () => {
    if (!app.later && (await app.views())) app.render();
    refreshPack();
  });
}

/** The buttons stand there before the map is worked on. */
const painted = () => new Promise((done) => { setTimeout(done); });

/** Where nothing can be kept (a private window, storage switched off), nothing may be written as if it were. */
start().catch((error) => {
  const refused = error instanceof DOMException || !window.indexedDB; // by the browser, and not a fault of ours
  byId("sheet-body").replaceChildren(el("p", { class: "warn", attributes: { role: "alert", id: "no-storage" } }, t(refused ? "field.no_storage" : "field.not_started")));
  console.error(error);
});
