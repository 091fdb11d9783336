// The panel: time of the week, counts, legend, language; and what a cell says when it is pointed at.

// ---- what a cell says ----------------------------------------------------------------------------------
let tip = null;
function hideCell() {
  if (tip) tip.remove();
  if (state.cells && state.cells.marked >= 0) { state.cells.marked = -1; state.cells.repaint(); }
}

function showCell(event) {
  const layer = state.cells, { config, map } = state;
  if (!layer || !map.hasLayer(layer) || state.overSign) return;
  const i = layer.at(event.latlng);
  if (i < 0) { hideCell(); return; }
  const v = layer.value(i, state.slice), node = el("div", "card");
  node.append(el("p", "card__kind", `${pick(config.texts.cell)} · ${pick(label(state.slice))}`));
  node.append(el("p", v ? "card__name" : "card__few", v ? fill(config.texts.here, { n: number(v) }) : pick(config.texts.too_few)));
  const factor = config.factors[state.slice + 1];
  if (v && factor) node.append(el("p", "card__rate", fill(config.texts.rate, { rate: figure(v * factor) })));
  tip ??= L.tooltip({ direction: "top", offset: [0, -10], className: "tip", opacity: 1 });
  tip.setContent(node).setLatLng(event.latlng).addTo(map);
  if (layer.marked !== i) { layer.marked = i; layer.repaint(); }
}

const figure = (v) => (v >= 100 ? number(Math.round(v)) : number(Number(v.toPrecision(2))));
const label = (slice) => (slice < 0 ? state.config.texts.all : state.config.slices[slice]);

// ---- the panel -----------------------------------------------------------------------------------------
function legend() {
  const { config, slice, cells: layer } = state, data = layer.data, list = byId("legend-classes");
  const breaks = slice < 0 ? data.breaks : data.slice_breaks, factor = config.factors[slice + 1];
  const most = slice < 0 ? data.most : data.slice_most;
  list.replaceChildren();
  breaks.forEach((from, c) => {
    const last = c + 1 === breaks.length, to = last ? most : breaks[c + 1] - 1;
    const row = el("li", "legend__class"), swatch = el("span", "legend__swatch");
    swatch.style.backgroundColor = data.ramp[c];
    row.append(swatch, el("span", "legend__range", from === to ? number(from) : `${number(from)}–${number(to)}`));
    if (factor) row.append(el("span", "legend__rate", from === to ? figure(from * factor) : `${figure(from * factor)}–${figure(to * factor)}`));
    list.append(row);
  });
  byId("legend-rate").hidden = !factor;
  byId("legend-nothing").hidden = breaks.length > 0;
  byId("legend-head").hidden = !breaks.length;
}

function show(slice) {
  const { config, cells: layer } = state;
  state.slice = slice;
  const data = layer.data, total = slice < 0 ? data.total : data.slice_totals[slice];
  byId("time-now").textContent = pick(label(slice));
  byId("count-total").textContent = total ? number(total) : config.nothing;
  byId("count-cells").textContent = number(layer.coloured(slice));
  const hidden = total ? total - layer.coloredSum(slice) : 0, line = byId("count-hidden");
  line.textContent = hidden ? fill(slice < 0 ? config.texts.hidden : config.texts.hidden_slice, { n: number(hidden), k: data.k }) : "";
  const range = byId("time-range");
  if (range) {
    range.value = String(slice + 1);
    range.setAttribute("aria-valuetext", `${pick(label(slice))}, ${byId("count-total").textContent} ${pick(config.texts.incidents)}`);
    range.style.setProperty("--done", `${(100 * (slice + 1)) / config.slices.length}%`);
    document.querySelectorAll("[data-slice]").forEach((node) => node.classList.toggle("is-now", Number(node.dataset.slice) === slice));
  }
  document.body.dataset.slice = String(slice);
  hideCell();
  legend();
  layer.repaint();
}

function play(on) {
  const button = byId("time-play"), { config } = state;
  clearInterval(state.timer);
  state.timer = on ? setInterval(() => show((state.slice + 1) % config.slices.length), 1100) : null;
  button.setAttribute("aria-pressed", String(on));
  const says = pick(on ? config.texts.pause : config.texts.play);
  button.setAttribute("aria-label", says);
  button.title = says;
}

function language(code) {
  document.documentElement.lang = code;
  const { config, map } = state;
  document.title = pick(config.title);
  for (const [id, pair] of Object.entries(config.aria)) byId(id)?.setAttribute("aria-label", pick(pair));
  map.getContainer().setAttribute("aria-label", pick(config.texts.map));
  map.closePopup();
  map.eachLayer((layer) => { if (layer instanceof Sign) layer.redraw(); });
  if (byId("time-play")) play(false);
  show(state.slice);
}

function fitted() {
  const wide = window.matchMedia("(min-width: 761px)").matches, panel = byId("panel").getBoundingClientRect();
  const top = byId("notice") ? byId("notice").getBoundingClientRect().height + 12 : 12;
  const list = document.querySelector(".leaflet-control-layers-expanded"); // an open list covers what lies below it
  const right = list && window.innerWidth > 1000 ? list.getBoundingClientRect().width + 24 : 24;
  return wide
    ? { paddingTopLeft: [panel.right + 16, top], paddingBottomRight: [right, 24], maxZoom: 17 }
    : { paddingTopLeft: [12, top + 40], paddingBottomRight: [12, window.innerHeight - panel.top + 12], maxZoom: 17 };
}

function folding() {
  const panel = byId("panel"), button = byId("panel-fold");
  const set = (open) => { panel.dataset.open = String(open); button.setAttribute("aria-expanded", String(open)); };
  set(window.matchMedia("(min-width: 761px)").matches);
  button.addEventListener("click", () => set(panel.dataset.open !== "true"));
  L.DomEvent.disableClickPropagation(panel);
  L.DomEvent.disableScrollPropagation(panel);
}

function start(config) {
  const { map } = state;
  state.config = config;
  folding();
  map.fitBounds(config.bounds, fitted());
  map.attributionControl.setPrefix(false);
  map.on("mousemove click", showCell);
  map.on("mouseout zoomstart", hideCell);
  byId("language").addEventListener("click", () => language(inEnglish() ? "zh-CN" : "en"));
  const range = byId("time-range");
  if (range) {
    range.addEventListener("input", () => { play(false); show(Number(range.value) - 1); });
    byId("time-play").addEventListener("click", () => play(!state.timer));
    document.querySelectorAll("button[data-slice]").forEach((node) => node.addEventListener("click", () => { play(false); show(Number(node.dataset.slice)); }));
  }
  language(document.documentElement.lang);
}

// Hands over the map that Folium made, before its layers are; the layers need its panes.
function use(map) { state.map = map; }

const campusHeat = { use, streets, cells, signs, start, state, toPlane, toEarth, unpack };
