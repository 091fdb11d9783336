// Hears from the server what changes: by server-sent events while the page is in view, by asking again where that fails.

const AGAIN_MS = 15_000;
const TRY_MS = 60_000;
const BEGUN_MS = 8_000; // a stream that has not begun by then is held up on its way
const SILENT_MS = 40_000; // the server says something every 15 s

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
  let watch = null;

  function drop() {
    source?.close();
    source = null;
    clearTimeout(watch);
  }

  /** Ask from time to time, and try the stream again in a minute. */
  function ask() {
    drop();
    clearTimeout(retry);
    retry = setTimeout(listen, TRY_MS);
    if (asking) return;
    state(false);
    changed({ all: true });
    asking = setInterval(() => changed({ all: true }), AGAIN_MS);
  }

  function stopAsking() {
    const missed = asking !== null;
    clearInterval(asking);
    clearTimeout(retry);
    asking = retry = null;
    return missed;
  }

  function expect(ms) {
    clearTimeout(watch);
    watch = setTimeout(ask, ms);
  }

  function listen() {
    drop();
    if (document.hidden) return;
    if (!window.EventSource) { ask(); return; }
    source = new EventSource(address);
    expect(BEGUN_MS);
    source.addEventListener("hello", () => {
      expect(SILENT_MS);
      if (stopAsking()) changed({ all: true }); // between the last question and now
      state(true);
    });
    source.addEventListener("beat", () => expect(SILENT_MS));
    source.addEventListener("cases", (event) => {
      expect(SILENT_MS);
      changed(JSON.parse(event.data));
    });
    source.addEventListener("error", () => { // the browser comes back by itself, unless it was refused
      if (source?.readyState === EventSource.CLOSED) ask();
      else expect(BEGUN_MS);
    });
  }

  // a page that nobody looks at holds no connection: a browser has six for a server, and shares them among its tabs
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { drop(); stopAsking(); return; }
    changed({ all: true });
    listen();
  });
  window.addEventListener("pagehide", drop);
  listen();
}
