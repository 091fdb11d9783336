// Hears from the server what changes: by server-sent events while the page is in view, by asking again where that fails.

const AGAIN_MS = 15_000;
const TRY_MS = 60_000;

/**
 * Follow a stream of changes.
 * @param {string} address of the stream
 * @param {object} options changed({cases} | {all}) is called for each event, and with {all} whenever something may have
 *   been missed; state(live) says whether changes come by themselves or are asked for
 */
export function follow(address, { changed, state = () => {} }) {
  let source = null;
  let asking = null;
  let retry = null;

  function ask() {
    if (asking) return;
    state(false);
    asking = setInterval(() => { if (!document.hidden) changed({ all: true }); }, AGAIN_MS);
    retry = setTimeout(() => { retry = null; listen(); }, TRY_MS);
  }

  function stopAsking() {
    clearInterval(asking);
    clearTimeout(retry);
    asking = retry = null;
  }

  function listen() {
    source?.close();
    source = null;
    if (document.hidden) return;
    if (!window.EventSource) { ask(); return; }
    source = new EventSource(address);
    source.addEventListener("hello", () => { stopAsking(); state(true); });
    source.addEventListener("cases", (event) => changed(JSON.parse(event.data)));
    source.addEventListener("error", () => { // the browser comes back by itself, unless it was refused
      if (source?.readyState === EventSource.CLOSED) { stopAsking(); ask(); }
    });
  }

  // a page that nobody looks at holds no connection: a browser has six for a server, and shares them among its tabs
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { source?.close(); source = null; stopAsking(); return; }
    changed({ all: true });
    listen();
  });
  window.addEventListener("pagehide", () => source?.close());
  listen();
}
