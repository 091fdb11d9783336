// What is in view, and only that: one Source per collection. A newer request aborts the older one.

import { getFeatures, isAborted } from "./api.js";
import { prepare } from "./geometry.js";

const AROUND = 0.25; // share of the view fetched beyond each edge, so that small moves need no request

function within(inner, outer) {
  return outer !== null && inner.west >= outer.west && inner.east <= outer.east
    && inner.south >= outer.south && inner.north <= outer.north;
}

function grown(view) {
  const dx = (view.east - view.west) * AROUND;
  const dy = (view.north - view.south) * AROUND;
  return {
    west: Math.max(-180, view.west - dx), south: Math.max(-90, view.south - dy),
    east: Math.min(180, view.east + dx), north: Math.min(90, view.north + dy),
  };
}

export class Source {
  /**
   * @param {object} options path; minZoom; limit; pages (how many at most); parameters() → more of the query;
   *   byZoom (the answer differs by zoom); changed() and failed(error) are called back
   */
  constructor({ path, minZoom = 0, limit = 1000, pages = 1, parameters = () => ({}), byZoom = false, changed }) {
    Object.assign(this, { path, minZoom, limit, pages, parameters, byZoom, changed });
    this.enabled = true;
    this.state = "idle"; // idle, far (zoomed out too much), loading, ready, error
    this.features = [];
    this.truncated = false;
    this.error = null;
    this.version = 0; // grows with every new content
    this.loaded = null;
    this.loadedKey = "";
    this.request = null;
  }

  /** Forget what was loaded, so that the next update asks again. */
  forget() {
    this.loaded = null;
  }

  #set(state, features, { truncated = false, error = null } = {}) {
    this.state = state;
    if (features !== null) {
      this.features = features;
      this.version += 1;
    }
    this.truncated = truncated;
    this.error = error;
    this.changed(this);
  }

  async update(view) {
    if (!this.enabled || view.zoom < this.minZoom) {
      this.request?.abort();
      this.request = null;
      this.loaded = null;
      const state = this.enabled ? "far" : "idle";
      if (this.state !== state || this.features.length) this.#set(state, []);
      return;
    }
    const more = { ...this.parameters(), ...(this.byZoom ? { zoom: Math.floor(view.zoom) } : {}) };
    const key = JSON.stringify(more);
    const current = this.request ? this.request.meta : { bounds: this.loaded, key: this.loadedKey, truncated: this.truncated };
    const sharper = current.truncated && view.zoom > (this.loadedZoom ?? 0);
    if (current.key === key && within(view, current.bounds) && !sharper) return;
    this.request?.abort();
    const request = new AbortController();
    const bounds = grown(view);
    request.meta = { bounds, key, truncated: false };
    this.request = request;
    this.state = "loading";
    this.changed(this);
    const bbox = [bounds.west, bounds.south, bounds.east, bounds.north].map((value) => value.toFixed(6)).join(",");
    try {
      const { features, truncated } = await getFeatures(
        this.path, { bbox, limit: this.limit, ...more }, { signal: request.signal, pages: this.pages });
      if (this.request !== request) return;
      this.request = null;
      this.loaded = bounds;
      this.loadedKey = key;
      this.loadedZoom = view.zoom;
      this.#set("ready", features.map(prepare).filter((one) => one.box !== null), { truncated });
    } catch (error) {
      if (isAborted(error) || this.request !== request) return;
      this.request = null;
      this.loaded = null;
      this.#set("error", null, { error });
    }
  }
}
