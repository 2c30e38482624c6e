// A page that stays true: the server sends the parts that changed, and this puts them in their place.
// <main data-live="/p/CODE/live"> opens the stream; an event "parts" is JSON of element ids and their new HTML.
// When nothing is heard for a while the page says how old its figures are, in [data-age]; it never goes blank.
"use strict";

(() => {
  const root = document.querySelector("[data-live]");
  if (!root || !window.EventSource) return;

  const SILENCE_MS = 20_000;
  let heardAt = Date.now();
  let source;
  let address = root.dataset.live;

  function heard() {
    heardAt = Date.now();
    if (!root.hasAttribute("data-stale")) return;
    root.removeAttribute("data-stale");
    sayAge();
  }

  function sayAge() {
    const isStale = root.hasAttribute("data-stale");
    const seconds = Math.round((Date.now() - heardAt) / 1000);
    const age = seconds < 90 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
    for (const place of document.querySelectorAll("[data-age]")) {
      place.hidden = !isStale;
      place.textContent = `No connection. These figures are ${age} old; charging goes on without this page.`;
    }
  }

  function put(parts) {
    for (const [id, html] of Object.entries(parts)) {
      const place = document.getElementById(id);
      if (!place) continue;
      const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
      place.innerHTML = html;
      if (focused) document.getElementById(focused)?.focus();
    }
    document.dispatchEvent(new CustomEvent("parts", { detail: Object.keys(parts) }));
  }

  function open() {
    source = new EventSource(address);
    address = root.dataset.live.split("?")[0]; // the page may have changed since: next time everything anew
    source.addEventListener("parts", (event) => {
      heard();
      put(JSON.parse(event.data));
    });
    source.addEventListener("still", heard);
    // Nothing more will change (or the login ended): no need to ask again.
    source.addEventListener("over", () => {
      heard();
      source.close();
      clearInterval(watch);
    });
    source.addEventListener("signed-out", () => window.location.reload());
    source.addEventListener("error", () => {
      // A refused stream is closed for good by the browser; come back gently.
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 5_000 + Math.random() * 5_000);
    });
  }

  const watch = setInterval(() => {
    if (Date.now() - heardAt < SILENCE_MS) return;
    root.setAttribute("data-stale", "");
    sayAge();
  }, 1_000);

  // Phones freeze pages in the background: look again at once when the driver does.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible" || !source || source.readyState === EventSource.OPEN) return;
    source.close();
    open();
  });

  open();
})();
