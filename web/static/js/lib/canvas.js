// A canvas over the map that one function paints: Leaflet moves and scales it, we draw what is on it.

import { Renderer, setOptions, stamp } from "./leaflet.js";

export const CanvasLayer = Renderer.extend({
  options: { padding: 0.2, pane: "overlayPane" },

  initialize(paint, options) {
    setOptions(this, options);
    stamp(this);
    this._layers = {};
    this._paint = paint;
    this._waiting = 0;
  },

  _initContainer() {
    const canvas = document.createElement("canvas");
    canvas.className = "campus-canvas";
    this._container = canvas;
    this._context = canvas.getContext("2d");
  },

  _destroyContainer() {
    cancelAnimationFrame(this._waiting);
    this._waiting = 0;
    this._container.remove();
    delete this._container;
    delete this._context;
  },

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    Renderer.prototype._update.call(this);
    const size = this._bounds.getSize();
    const density = Math.min(window.devicePixelRatio || 1, 2);
    const canvas = this._container;
    if (canvas.width !== Math.round(size.x * density) || canvas.height !== Math.round(size.y * density)) {
      canvas.width = Math.round(size.x * density);
      canvas.height = Math.round(size.y * density);
      canvas.style.width = `${size.x}px`;
      canvas.style.height = `${size.y}px`;
    }
    this._density = density;
    this._updateTransform(this._center, this._zoom);
    this._draw();
  },

  /** Paint again at the next frame. */
  redraw() {
    if (!this._map || this._waiting) return this;
    this._waiting = requestAnimationFrame(() => {
      this._waiting = 0;
      if (this._map && !this._map._animatingZoom) this._draw();
    });
    return this;
  },

  /** The view that is painted: where world units lie on the canvas. */
  view() {
    const size = this._bounds.getSize();
    const corner = this._map.getPixelOrigin().add(this._bounds.min);
    const scale = 256 * 2 ** this._zoom;
    return {
      ctx: this._context,
      zoom: this._zoom,
      scale,
      x0: corner.x,
      y0: corner.y,
      width: size.x,
      height: size.y,
      box: [corner.x / scale, corner.y / scale, (corner.x + size.x) / scale, (corner.y + size.y) / scale],
    };
  },

  _draw() {
    const view = this.view();
    view.ctx.setTransform(this._density, 0, 0, this._density, 0, 0);
    view.ctx.clearRect(0, 0, view.width, view.height);
    this._paint(view);
  },
});

/** Add a ring or line to the current path, leaving out vertices closer than about a pixel. */
export function trace(view, part, close) {
  const { ctx, scale, x0, y0 } = view;
  let lastX = part[0] * scale - x0;
  let lastY = part[1] * scale - y0;
  ctx.moveTo(lastX, lastY);
  const end = part.length - 2;
  for (let i = 2; i <= end; i += 2) {
    const x = part[i] * scale - x0;
    const y = part[i + 1] * scale - y0;
    if (i < end && Math.abs(x - lastX) < 0.8 && Math.abs(y - lastY) < 0.8) continue;
    ctx.lineTo(x, y);
    lastX = x;
    lastY = y;
  }
  if (close) ctx.closePath();
}

/** Text with a pale edge, readable over anything. */
export function haloText(ctx, text, x, y, { colour = "#16283a", halo = "rgba(255,255,255,.92)", width = 3.4 } = {}) {
  ctx.lineJoin = "round";
  ctx.lineWidth = width;
  ctx.strokeStyle = halo;
  ctx.strokeText(text, x, y);
  ctx.fillStyle = colour;
  ctx.fillText(text, x, y);
}

/** Keeps labels from lying on each other. */
export class LabelRoom {
  constructor() {
    this.taken = [];
  }

  /** The box is taken, whatever else is there. */
  block(x0, y0, x1, y1) {
    this.taken.push([x0, y0, x1, y1]);
  }

  /** Take the box if it is free. */
  take(x0, y0, x1, y1) {
    for (const box of this.taken) if (x0 < box[2] && box[0] < x1 && y0 < box[3] && box[1] < y1) return false;
    this.taken.push([x0, y0, x1, y1]);
    return true;
  }
}
