// Maps of coloured cells on one scale: one map, or two that move together; and what a cell says when it is pointed at.

const maps = [];
let tip = null;
function hideCell() { if (tip) tip.remove(); }

function surface(data) {
  const { meridian, cell } = data.lattice, n = data.column.length;
  const corners = new Float64Array(8 * n), place = new Map();
  for (let i = 0; i < n; i += 1) {
    const column = data.column[i], row = data.row[i];
    place.set(`${column},${row}`, i);
    [[0, 0], [1, 0], [1, 1], [0, 1]].forEach(([a, b], c) => {
      corners.set(toWorld(...toEarth((column + a) * cell, (row + b) * cell, meridian)), 8 * i + 2 * c);
    });
  }
  const LEAST = 5; // pixels: far out a cell must still be seen
  const layer = new Painted((ctx, { min, max, scale, origin }) => {
    ctx.globalAlpha = 0.78;
    for (let i = 0; i < n; i += 1) {
      const px = (j) => corners[8 * i + j] * scale - (j % 2 ? origin.y : origin.x);
      const x = px(0), y = px(1), side = px(2) - x;
      if (x > max.x + LEAST || x + side < min.x - LEAST || y < min.y - LEAST || y - side > max.y + LEAST) continue;
      ctx.fillStyle = data.colours[data.class[i]];
      ctx.beginPath();
      if (side < LEAST) ctx.rect((x + px(4)) / 2 - LEAST / 2, (y + px(5)) / 2 - LEAST / 2, LEAST, LEAST);
      else {
        ctx.moveTo(x, y);
        for (let j = 2; j < 8; j += 2) ctx.lineTo(px(j), px(j + 1));
        ctx.closePath();
      }
      ctx.fill();
    }
    ctx.globalAlpha = 1;
  }, { pane: pane("cells", 320) });
  const map = state.map;
  map.on("mousemove click", ({ latlng }) => {
    if (state.overSign || !map.hasLayer(layer)) return;
    const [x, y] = toPlane(latlng.lat, latlng.lng, meridian);
    const i = place.get(`${Math.floor(x / cell)},${Math.floor(y / cell)}`);
    if (i === undefined) { hideCell(); return; }
    const node = el("div", "card");
    node.append(el("p", "card__kind", pick(data.cell)));
    node.append(el("p", "card__name", fill(data.says, Object.fromEntries(data.numbers[i].map((v, at) => [at, number(v)])))));
    if (tip && tip._map && tip._map !== map) tip.remove();
    tip ??= L.tooltip({ direction: "top", offset: [0, -10], className: "tip", opacity: 1 });
    tip.setContent(node).setLatLng(latlng).addTo(map);
  });
  map.on("mouseout zoomstart", hideCell);
  return layer;
}

function together([one, other]) {
  let moving = false;
  const follow = (from, to) => from.on("move", () => {
    if (moving) return;
    moving = true;
    to.setView(from.getCenter(), from.getZoom(), { animate: false });
    moving = false;
  });
  follow(one, other);
  follow(other, one);
}

function language(code) {
  document.documentElement.lang = code;
  document.title = pick(state.config.title);
  for (const [id, pair] of Object.entries(state.config.aria)) byId(id)?.setAttribute("aria-label", pick(pair));
  for (const map of maps) {
    map.getContainer().setAttribute("aria-label", pick(state.config.map));
    map.closePopup();
    map.eachLayer((layer) => { if (layer instanceof Sign) layer.redraw(); });
  }
  hideCell();
}

function start(config) {
  state.config = config;
  const panel = byId("panel"), button = byId("panel-fold"), wide = window.matchMedia("(min-width: 761px)").matches;
  const set = (open) => { panel.dataset.open = String(open); button.setAttribute("aria-expanded", String(open)); };
  set(wide);
  button.addEventListener("click", () => set(panel.dataset.open !== "true"));
  L.DomEvent.disableClickPropagation(panel);
  L.DomEvent.disableScrollPropagation(panel);
  document.body.classList.toggle("two", maps.length === 2);
  const covered = wide ? 0 : panel.offsetHeight; // of a phone's screen; two maps share what is left
  document.body.style.setProperty("--covered", `${covered}px`);
  for (const map of maps) {
    map.invalidateSize({ animate: false });
    map.attributionControl.setPrefix(false);
  }
  if (maps.length === 2) together(maps);
  const below = wide ? window.innerHeight - panel.getBoundingClientRect().top : 0; // the panel lies over both maps
  const free = maps.length === 2 // their headings lie at the top, the panel of a single one beside it or below
    ? { paddingTopLeft: [24, 80], paddingBottomRight: [24, below + 24] }
    : { paddingTopLeft: [(wide ? panel.getBoundingClientRect().right : 0) + 16, 40], paddingBottomRight: [24, covered + 24] };
  maps[0].fitBounds(config.bounds, { ...free, maxZoom: 17, animate: false });
  if (maps.length === 2) maps[1].setView(maps[0].getCenter(), maps[0].getZoom(), { animate: false });
  byId("language").addEventListener("click", () => language(inEnglish() ? "zh-CN" : "en"));
  language(document.documentElement.lang);
}

// Hands over each map that Folium made, before its layers are; the layers need its panes.
function use(map) { state.map = map; maps.push(map); }

const campusHeat = { use, streets, signs, surface, start, state, toPlane, toEarth, unpack };
