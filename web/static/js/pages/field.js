// The inspector's app at /field: what is written goes into the outbox first; the network is only asked afterwards.

import { prepare } from "../lib/geometry.js";
import { dateTime, pageConfig, t } from "../lib/i18n.js";
import { Palette } from "../lib/symbols.js";
import { append, debounce, el } from "../lib/text.js";
import { Day } from "../field/day.js";
import { FieldMap } from "../field/fieldmap.js";
import { HazardCard } from "../field/hazard.js";
import * as outbox from "../field/outbox.js";
import { photoRecord } from "../field/photo.js";
import { Patrol } from "../field/patrol.js";
import { watchPosition } from "../field/position.js";
import { Round } from "../field/round.js";
import { ask, asked, onState, send, startSending, state } from "../field/sender.js";
import { fetchGround, freshShift, keptShift } from "../field/shift.js";
import { askToStay, forget, keep, kept } from "../field/store.js";
import { Tag } from "../field/tag.js";
import { Track } from "../field/track.js";
import { renderOutbox } from "../field/waiting.js";
import { Walk } from "../field/walk.js";

const VIEWS = ["tag", "day", "round", "patrol", "outbox", "hazard"];
const PACK_EVERY_MS = 10 * 60_000;
const SAID_MS = 3_500;
const ASK_AFTER_MS = 300;
const byId = (id) => document.getElementById(id);

/** The app of this page; exported for whoever looks into it from the browser's console, tests too. */
export const app = {
  view: "tag", records: [], position: null, me: null, send: state, palette: new Palette([]), severities: [],
  shift: null, map: null, tag: null, day: null, round: null, card: null, track: null, walk: null, patrol: null,

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

  openHazard(id) { app.card.open(id); },

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
    const used = app.view === "tag" ? await app.tag.used() : {};
    const nodes = {
      tag: () => app.tag.render(used), day: () => app.day.render(), round: () => app.round.render(), patrol: () => app.patrol.render(),
      outbox: () => renderOutbox(app), hazard: () => app.card.render(),
    }[app.view]();
    const sheet = byId("sheet-body");
    const focused = document.activeElement?.id && sheet.contains(document.activeElement) ? document.activeElement.id : null;
    const selection = focused && "selectionStart" in document.activeElement ? document.activeElement.selectionStart : null;
    sheet.replaceChildren();
    append(sheet, nodes);
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
  },
};

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
  app.walk.draw();
  app.patrol.draw();
  showTasks();
}

/** What is due stands on the map while the day is looked at, numbered as in the list. */
function showTasks() {
  app.map.todo(app.view === "day" ? app.day.open().slice(0, Day.SHOWN) : [], (one) => app.day.pick(one));
}

async function refreshRecords() {
  app.records = await outbox.all();
  showMap();
  if (["outbox", "day", "patrol"].includes(app.view)) app.render();
}

function takeWords(words) {
  if (!words) return;
  app.palette = new Palette(words.hazard_categories ?? []);
  app.severities = words.severities ?? [];
  app.map.scene.palette = app.palette;
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
    fetchGround((fresh ?? app.shift).pack);
    if (!fresh) return;
    const first = !app.shift.known;
    app.shift = fresh;
    takeWords(await kept("words"));
    showMap();
    if (first && !app.position?.place) fitPack();
    app.render();
  } catch { /* no signal: what is kept is good */ }
}

function fitPack() {
  const [west, south, east, north] = app.shift.pack.bounds ?? [];
  if (west !== undefined) app.map.map.fitBounds([[south, west], [north, east]], { animate: false });
}

/** Search what the phone knows, and with a signal the whole gazetteer, addresses too. */
function searching() {
  const input = byId("find");
  const results = byId("found");
  const take = (one) => {
    results.hidden = true;
    input.value = "";
    if (!one.place) return;
    app.map.look(one.place);
    app.go("tag");
    app.tag.put(one.place);
  };
  const show = (found) => {
    results.replaceChildren(...found.map((one) => el("li", {}, el("button", { class: "list__one list__one--button", attributes: { type: "button" }, on: { click: () => take(one) } }, one.name))));
    results.hidden = found.length === 0;
  };
  const askAround = debounce(async (text) => {
    try {
      const [lon, lat] = app.position?.place ?? [];
      const near = lon === undefined ? "" : `&lon=${lon}&lat=${lat}`;
      const response = await ask("GET", `geocode?q=${encodeURIComponent(text)}${near}`);
      if (!response.ok || input.value !== text) return;
      const own = app.shift.find(text);
      const names = new Set(own.map((one) => one.name));
      const more = (await response.json()).results.filter((one) => !names.has(one.name)).map((one) => ({ name: one.name, place: [one.lon, one.lat] }));
      show([...own, ...more].slice(0, 15));
    } catch { /* no signal: the phone's own places are there */ }
  }, ASK_AFTER_MS);
  input.addEventListener("input", () => {
    const text = input.value;
    show(app.shift.find(text));
    if (text.trim().length > 1) askAround(text);
  });
}

async function installWorker() {
  if (!navigator.serviceWorker) return;
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (data === "new-version") byId("new-version").hidden = false;
  });
  navigator.serviceWorker.addEventListener("controllerchange", () => fetchGround(app.shift.pack)); // from the first visit on
  byId("new-version-load").addEventListener("click", () => window.location.reload());
  try {
    await navigator.serviceWorker.register("/field/worker.js", { scope: "/field" });
  } catch { /* no worker (a private window): the app works while it is open */ }
}

async function start() {
  app.shift = await keptShift();
  app.me = (await kept("me")) ?? null;
  app.map = new FieldMap(byId("map"), {
    palette: app.palette,
    chosen: (place) => { if (app.view !== "tag") app.go("tag"); app.tag.put(place); },
    pickHazard: (id) => app.openHazard(id),
  });
  app.tag = new Tag(app);
  app.day = new Day(app);
  app.round = new Round(app);
  app.card = new HazardCard(app);
  app.patrol = new Patrol(app);
  app.patrol.draw();
  app.track = new Track(app);
  await app.track.restore();
  app.track.draw();
  app.walk = new Walk(app);
  await app.walk.restore();
  await app.round.restore();
  await app.tag.restore();
  takeWords((await kept("words")) ?? pageConfig.words);
  if (app.shift.known) fitPack();
  const wanted = window.location.hash.slice(1);
  if (VIEWS.includes(wanted) && wanted !== "hazard") app.view = wanted;
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
  searching();
  outbox.onChange(refreshRecords);
  await refreshRecords();
  onState(showState);
  byId("person").textContent = app.me?.display_name || app.me?.name || "";
  await app.render();
  document.body.dataset.ready = "true";
  watchPosition((position) => {
    const before = app.position;
    app.position = position.place ? position : { ...before, ...position };
    if (position.place) {
      app.map.position(position);
      app.tag.follow(position);
      app.track.follow(position);
      app.walk.follow(position);
      if (app.view === "patrol") app.patrol.moved();
    }
    if ((app.view === "tag" && !app.tag.category) || (app.view === "day" && !before?.place)) app.render();
    if (app.view === "round") app.round.arrive();
  });
  installWorker();
  askToStay();
  startSending(); // a shift's photos may take minutes on a slow line: what is new of the surroundings does not wait for them
  await refreshPack();
  document.addEventListener("visibilitychange", () => { // to the camera, say: what comes after, the phone decides
    if (!document.hidden) return;
    app.tag.remember();
    app.round.remember();
  });
  setInterval(refreshPack, PACK_EVERY_MS);
  window.addEventListener("online", refreshPack);
}

/** Where nothing can be kept (a private window, storage switched off), nothing may be written as if it were. */
start().catch((error) => {
  byId("sheet-body").replaceChildren(el("p", { class: "warn", attributes: { role: "alert", id: "no-storage" } }, t("field.no_storage")));
  console.error(error);
});
