// What is on the screen, in the address: #view=16/29.71/120.24&select=school/<id>&categories=VEN.TRF&status=all

const KINDS = ["school", "hazard", "cell"];

export function readHash(hash = window.location.hash) {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const state = { view: null, select: null, categories: [], status: null, layers: null };
  const view = (values.get("view") ?? "").split("/").map(Number);
  if (view.length === 3 && view.every(Number.isFinite) && Math.abs(view[1]) <= 85 && Math.abs(view[2]) <= 180) {
    state.view = { zoom: Math.max(4, Math.min(19, view[0])), lat: view[1], lon: view[2] };
  }
  const select = values.get("select") ?? "";
  const slash = select.indexOf("/");
  if (slash > 0 && KINDS.includes(select.slice(0, slash)) && select.length > slash + 1) {
    state.select = { kind: select.slice(0, slash), id: select.slice(slash + 1) };
  }
  state.categories = (values.get("categories") ?? "").split(".").filter((code) => /^[A-Za-z_]{1,20}$/.test(code));
  if (/^[a-z_]{1,30}$/.test(values.get("status") ?? "")) state.status = values.get("status");
  if (values.has("layers")) state.layers = values.get("layers").split(".").filter(Boolean);
  return state;
}

export function writeHash(state, { push = false } = {}) {
  const parts = [];
  if (state.view) parts.push(`view=${state.view.zoom}/${state.view.lat.toFixed(5)}/${state.view.lon.toFixed(5)}`);
  if (state.select) parts.push(`select=${state.select.kind}/${encodeURIComponent(state.select.id)}`);
  if (state.categories?.length) parts.push(`categories=${state.categories.join(".")}`);
  if (state.status && state.status !== "open") parts.push(`status=${state.status}`);
  if (state.layers) parts.push(`layers=${state.layers.join(".")}`);
  const hash = `#${parts.join("&")}`;
  if (hash === window.location.hash) return;
  if (push) window.history.pushState(null, "", hash);
  else window.history.replaceState(null, "", hash);
}
