// Requests to the server: JSON in, JSON out, problems (RFC 9457) as ApiError with a sentence for people.

import { language, pageConfig, t } from "./i18n.js";

const BASE = pageConfig.api ?? "/api/v1";

export class ApiError extends Error {
  constructor(message, { status = 0, errors = [] } = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.errors = errors;
  }
}

export const isAborted = (error) => error instanceof DOMException && error.name === "AbortError";

function address(path, parameters) {
  const url = new URL(path.startsWith("/") ? path : `${BASE}/${path}`, window.location.origin);
  for (const [name, value] of Object.entries(parameters ?? {})) {
    if (value === null || value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
  }
  return url;
}

async function problem(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    body = {}; // not JSON: a proxy's page
  }
  const sentence = body.detail || body.title || t("problem.status", { status: response.status });
  const text = typeof sentence === "string" ? sentence : t("problem.status", { status: response.status });
  return new ApiError(text, { status: response.status, errors: Array.isArray(body.errors) ? body.errors : [] });
}

/** The `rel="next"` of a Link header as a path on this server, or null. */
export function nextLink(header) {
  for (const part of (header ?? "").split(/,\s*(?=<)/)) {
    const match = /^<([^>]*)>\s*;(.*)$/.exec(part.trim());
    if (match && /\brel="?next"?/.test(match[2])) {
      const url = new URL(match[1], window.location.origin + BASE + "/");
      return url.pathname + url.search;
    }
  }
  return null;
}

async function send(url, options) {
  let response;
  try {
    const headers = { "Accept-Language": language, ...options?.headers };
    response = await fetch(url, { credentials: "same-origin", ...options, headers });
  } catch (error) {
    if (isAborted(error)) throw error;
    throw new ApiError(t("problem.network"));
  }
  if (!response.ok) throw await problem(response);
  if (response.status === 204) return { data: null, next: null };
  try {
    return { data: await response.json(), next: nextLink(response.headers.get("Link")) };
  } catch (error) {
    if (isAborted(error)) throw error;
    throw new ApiError(t("problem.answer"));
  }
}

/** GET: the body alone. */
export async function get(path, parameters, { signal } = {}) {
  const { data } = await send(address(path, parameters), { signal, headers: { Accept: "application/json" } });
  return data;
}

/** GET a collection over at most `pages` pages: {features, truncated}. */
export async function getFeatures(path, parameters, { signal, pages = 1 } = {}) {
  let url = address(path, parameters);
  const features = [];
  for (let page = 0; page < pages; page += 1) {
    const { data, next } = await send(url, { signal, headers: { Accept: "application/geo+json, application/json" } });
    features.push(...(data.features ?? []));
    if (!next) return { features, truncated: false };
    url = address(next);
  }
  return { features, truncated: true };
}

/** What every change carries along, so that the server knows it comes from one of its own pages. */
export function csrfHeader() {
  return pageConfig.csrf ? { "X-CSRF-Token": pageConfig.csrf } : {};
}

/** Send JSON: the body of the answer, or null where there is none. */
export async function change(method, path, body, { signal, headers = {} } = {}) {
  const { data } = await send(address(path), {
    method,
    signal,
    headers: { "Content-Type": "application/json", Accept: "application/json", ...csrfHeader(), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return data;
}

/** POST a form with a file: the body of the answer. */
export async function upload(path, form) {
  const { data } = await send(address(path), { method: "POST", headers: { Accept: "application/json", ...csrfHeader() }, body: form });
  return data;
}

/** POST JSON: the body of the answer. */
export const post = (path, body, options) => change("POST", path, body, options);

/** GET one page of a list: {data, next}. */
export function getPage(path, parameters) {
  return send(address(path, parameters), { headers: { Accept: "application/json", ...csrfHeader() } });
}

/** GET a file that is written down as an export, and have the browser keep it. */
export async function download(path, parameters, name) {
  const response = await fetch(address(path, parameters), { credentials: "same-origin", headers: { "Accept-Language": language, ...csrfHeader() } });
  if (!response.ok) throw await problem(response);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
