// The layers that Folium's map calls for: streets, cells and signs. Every text that people typed goes in through
// textContent, and nothing here asks the network for anything.

const state = { map: null, cells: null, config: null, slice: -1, timer: null, overSign: false };
const inEnglish = () => document.documentElement.lang === "en";
const pick = (pair) => (Array.isArray(pair) ? pair[inEnglish() ? 1 : 0] : pair);
const fill = (pair, values) => pick(pair).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const number = (value) => value.toLocaleString(inEnglish() ? "en" : "zh-CN");
const byId = (id) => document.getElementById(id);

function el(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

// ---- a canvas that one function paints; Leaflet moves and scales it -------------------------------------
const Painted = L.Renderer.extend({
  initialize(paint, options) {
    this._paint = paint;
    this._layers = {};
    L.setOptions(this, { padding: 0.25, ...options });
    L.stamp(this);
  },
  _initContainer() {
    this._container = el("canvas", "painted");
    this._ctx = this._container.getContext("2d");
  },
  _destroyContainer() {
    this._container.remove();
    this._container = null;
  },
  _updatePaths() {},
  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const size = this._bounds.getSize(), canvas = this._container;
    const ratio = Math.min(window.devicePixelRatio || 1, 3);
    L.DomUtil.setPosition(canvas, this._bounds.min);
    canvas.width = ratio * size.x;
    canvas.height = ratio * size.y;
    canvas.style.width = `${size.x}px`;
    canvas.style.height = `${size.y}px`;
    this._ctx.scale(ratio, ratio);
    this._ctx.translate(-this._bounds.min.x, -this._bounds.min.y);
    this.repaint();
  },
  repaint() {
    if (!this._map || !this._bounds) return;
    const { min, max } = this._bounds, zoom = this._map.getZoom();
    this._ctx.clearRect(min.x, min.y, max.x - min.x, max.y - min.y);
    this._paint(this._ctx, { min, max, zoom, scale: 2 ** zoom, origin: this._map.getPixelOrigin() });
  },
});

function pane(name, z) {
  const node = state.map.getPane(name) ?? state.map.createPane(name);
  node.style.zIndex = z;
  node.style.pointerEvents = "none";
  return name;
}

// ---- streets -------------------------------------------------------------------------------------------
const STREET = [
  { casing: "#c3cbd1", fill: "#ffffff", width: 5.2, from: 0 },
  { casing: "#cdd4d9", fill: "#ffffff", width: 3.6, from: 11 },
  { casing: "#d8dee2", fill: "#ffffff", width: 2.2, from: 13 },
  { casing: null, fill: "#d9dee1", width: 1, from: 15 },
];

function streets(data) {
  const lengths = unpack(data.lengths), dx = unpack(data.dx), dy = unpack(data.dy);
  let at = 0, x = 0, y = 0, line = 0;
  const classes = data.lines.map((count) => {
    const list = [];
    for (let i = 0; i < count; i += 1, line += 1) {
      const points = new Float64Array(2 * lengths[line]);
      const box = [Infinity, Infinity, -Infinity, -Infinity];
      for (let j = 0; j < points.length; j += 2, at += 1) {
        x += unzigzag(dx[at]);
        y += unzigzag(dy[at]);
        const [u, v] = toWorld(y / 1e5, x / 1e5);
        points[j] = u;
        points[j + 1] = v;
        box[0] = Math.min(box[0], u); box[1] = Math.min(box[1], v);
        box[2] = Math.max(box[2], u); box[3] = Math.max(box[3], v);
      }
      list.push({ points, box });
    }
    return list;
  });
  function trace(ctx, list, view) {
    const { min, max, scale, origin } = view;
    ctx.beginPath();
    for (const { points, box } of list) {
      if (box[2] * scale - origin.x < min.x || box[0] * scale - origin.x > max.x) continue;
      if (box[3] * scale - origin.y < min.y || box[1] * scale - origin.y > max.y) continue;
      ctx.moveTo(points[0] * scale - origin.x, points[1] * scale - origin.y);
      for (let j = 2; j < points.length; j += 2) ctx.lineTo(points[j] * scale - origin.x, points[j + 1] * scale - origin.y);
    }
    ctx.stroke();
  }
  return new Painted((ctx, view) => {
    const grow = Math.min(2.6, Math.max(0.28, 1.32 ** (view.zoom - 15)));
    ctx.lineCap = "round";
    ctx.lineJoin = "round";
    for (const part of ["casing", "fill"]) {
      for (let c = STREET.length - 1; c >= 0; c -= 1) {
        const look = STREET[c];
        if (!look[part] || (view.zoom < look.from && classes.some((list, i) => i < c && list.length))) continue;
        const thin = look.width * grow < 2.2; // too thin for two edges: one grey line
        if (thin && part === "casing") continue;
        ctx.strokeStyle = thin ? look.casing ?? look.fill : look[part];
        ctx.lineWidth = thin ? Math.max(0.6, look.width * grow * 0.75) : look.width * grow + (part === "casing" ? 1.6 : 0);
        trace(ctx, classes[c] ?? [], view);
      }
    }
  }, { pane: pane("streets", 210) });
}

// ---- cells ---------------------------------------------------------------------------------------------
function cells(data) {
  const { meridian, cell, x0, y0 } = data.lattice;
  const places = [];
  let key = -1;
  for (const gap of unpack(data.keys)) { key += gap + 1; places.push(key); }
  const n = places.length;
  const corners = new Float64Array(8 * n), number = new Map();
  places.forEach((place, i) => {
    const column = data.column + (place % data.width), row = data.row + Math.floor(place / data.width);
    number.set(`${column},${row}`, i);
    [[0, 0], [1, 0], [1, 1], [0, 1]].forEach(([a, b], c) => {
      const earth = toEarth(x0 + (column + a) * cell, y0 + (row + b) * cell, meridian);
      corners.set(toWorld(...earth), 8 * i + 2 * c);
    });
  });
  const number0 = (v) => (v ? v + data.k - 1 : 0);
  const totals = unpack(data.totals).map(number0);
  const stream = unpack(data.slices);
  let at = 0;
  const slices = data.shown.map((count) => {
    const values = new Map();
    for (let i = 0, index = -1; i < count; i += 1) {
      index += stream[at] + 1;
      values.set(index, stream[at + 1] + data.k);
      at += 2;
    }
    return values;
  });
  const value = (i, slice) => (slice < 0 ? totals[i] : slices[slice].get(i) ?? 0);
  const classOf = (v, breaks) => { let c = -1; while (c + 1 < breaks.length && v >= breaks[c + 1]) c += 1; return c; };

  const LEAST = 6; // pixels: far out a cell is smaller than a point of the screen, and a hot place must still be seen
  const sideOf = (i, scale) => (corners[8 * i + 2] - corners[8 * i]) * scale;
  function outline(ctx, i, view, least) {
    const { scale, origin } = view;
    const px = (j) => corners[8 * i + j] * scale - (j % 2 ? origin.y : origin.x);
    if (px(2) - px(0) < least) { // far out: a square that can still be seen
      const x = (px(0) + px(4)) / 2 - least / 2, y = (px(1) + px(5)) / 2 - least / 2;
      ctx.rect(x, y, least, least);
      return;
    }
    ctx.moveTo(px(0), px(1));
    for (let j = 2; j < 8; j += 2) ctx.lineTo(px(j), px(j + 1));
    ctx.closePath();
  }
  function hottestAt([x, y], reach) { // what is seen far out: of the squares that cover each other, the one on top
    let found = -1, most = 0;
    for (let i = 0; i < n; i += 1) {
      const v = value(i, state.slice), aside = Math.abs((corners[8 * i] + corners[8 * i + 4]) / 2 - x);
      if (v <= most || aside > reach || Math.abs((corners[8 * i + 1] + corners[8 * i + 5]) / 2 - y) > reach) continue;
      found = i;
      most = v;
    }
    return found;
  }
  const layer = new Painted((ctx, view) => {
    const far = n > 0 && sideOf(0, view.scale) < LEAST;
    pane("cells", far ? 450 : 320); // far out the signs, whose dots would hide them, lie below
    const breaks = state.slice < 0 ? data.breaks : data.slice_breaks;
    const groups = breaks.map(() => []);
    const { min, max, scale, origin } = view;
    for (let i = 0; i < n; i += 1) {
      const v = value(i, state.slice);
      if (!v) continue;
      const x = corners[8 * i] * scale - origin.x, y = corners[8 * i + 1] * scale - origin.y, side = sideOf(i, scale) + LEAST;
      if (x + side < min.x || x - side > max.x || y + side < min.y || y - side > max.y) continue;
      groups[classOf(v, breaks)].push(i);
    }
    groups.forEach((list, c) => { // the hottest last: drawn larger than they are, cells cover each other
      if (!list.length) return;
      ctx.beginPath();
      for (const i of list) outline(ctx, i, view, LEAST);
      ctx.fillStyle = data.ramp[c];
      ctx.globalAlpha = far ? 0.95 : 0.78;
      ctx.fill();
      ctx.globalAlpha = 1;
      if (sideOf(list[0], scale) > 9) { ctx.strokeStyle = "rgba(255,255,255,.75)"; ctx.lineWidth = 1; ctx.stroke(); }
    });
    if (layer.marked >= 0) {
      ctx.beginPath();
      outline(ctx, layer.marked, view, LEAST + 2);
      ctx.strokeStyle = "#0d1b26";
      ctx.lineWidth = 2;
      ctx.stroke();
    }
  }, { pane: pane("cells", 320) });
  Object.assign(layer, {
    marked: -1,
    data,
    value,
    coloured: (slice) => (slice < 0 ? totals.filter((v) => v > 0).length : slices[slice].size),
    coloredSum: (slice) => (slice < 0 ? totals.reduce((a, b) => a + b, 0) : [...slices[slice].values()].reduce((a, b) => a + b, 0)),
    at(latlng) {
      const scale = 2 ** state.map.getZoom();
      if (n > 0 && sideOf(0, scale) < LEAST) return hottestAt(toWorld(latlng.lat, latlng.lng), LEAST / 2 / scale);
      const [x, y] = toPlane(latlng.lat, latlng.lng, meridian);
      return number.get(`${Math.floor((x - x0) / cell)},${Math.floor((y - y0) / cell)}`) ?? -1;
    },
  });
  state.cells = layer;
  return layer;
}

// ---- signs of schools, gates and hazards ---------------------------------------------------------------
// Far out, signs shrink to dots, so that the cells are what is seen.
const SIGN_SIZE = [[16, 1], [15, 0.82], [14, 0.6], [13, 0.44], [12, 0.34], [0, 0.22]];

const Sign = L.CircleMarker.extend({
  _project() {
    this._radius = this.options.radius * SIGN_SIZE.find(([from]) => this._map.getZoom() >= from)[1];
    L.CircleMarker.prototype._project.call(this);
  },
  _updatePath() {
    const canvas = this._renderer;
    if (!canvas._drawing || this._empty()) return;
    const ctx = canvas._ctx, { x, y } = this._point, { sign, shape, fillColor, ink } = this.options, r = this._radius;
    ctx.save();
    ctx.globalAlpha = 1;
    ctx.setLineDash([]); // a dashed perimeter may have been drawn just before
    ctx.beginPath();
    if (shape === "square") ctx.roundRect ? ctx.roundRect(x - r, y - r, 2 * r, 2 * r, r / 3) : ctx.rect(x - r, y - r, 2 * r, 2 * r);
    else ctx.arc(x, y, r, 0, 2 * Math.PI);
    ctx.fillStyle = fillColor;
    ctx.fill();
    ctx.lineWidth = (shape === "ring" ? 2.4 : 1.5) * Math.min(1, Math.max(0.5, r / 8));
    ctx.strokeStyle = shape === "ring" ? ink : "#ffffff";
    ctx.stroke();
    const text = sign && r > 6.5 && pick(sign);
    if (text) {
      ctx.font = `600 ${Math.round(r * 1.2)}px ${getComputedStyle(document.body).fontFamily}`;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.fillStyle = ink;
      ctx.fillText(text, x, y + 0.5);
    }
    ctx.restore();
  },
});

function card(layer, full) {
  const { data, item } = layer;
  const [, , name, made, , values] = item;
  const node = el("div", "card");
  node.append(el("p", "card__kind", pick(data.kind)));
  node.append(el("p", "card__name", name || pick(data.unnamed)));
  if (full) {
    const list = el("dl", "card__facts");
    values.forEach((v, i) => { if (v !== null) list.append(el("dt", "", pick(data.fields[i])), el("dd", "", String(pick(v)))); });
    if (list.children.length) node.append(list);
  }
  if (made) node.append(el("p", "card__made", pick(data.invented)));
  return node;
}

function signs(data) {
  const group = L.featureGroup();
  for (const item of data.items) {
    const [lat, lon, , , severity] = item;
    const marker = new Sign([lat, lon], { ...data.look, radius: data.look.radius + (severity > 1 ? severity - 1 : 0) * 1.5, bubblingMouseEvents: false });
    Object.assign(marker, { data, item });
    marker.bindTooltip(() => card(marker, false), { direction: "top", offset: [0, -8], className: "tip" });
    marker.bindPopup(() => card(marker, true), { maxWidth: 280, className: "tip" });
    marker.on("mouseover", () => { state.overSign = true; hideCell(); });
    marker.on("mouseout", () => { state.overSign = false; });
    group.addLayer(marker);
  }
  return group;
}
