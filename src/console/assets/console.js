// What a page does beyond being read: countdowns, relative times, copying, keys, and looking again while somebody watches.
// Every page can be read, and every act be done, without it.

const page = document.documentElement;
let ahead = -Infinity; // How far the server's clock is before this one's, ms.

let newest = 0; // The newest moment that an answer of the server brought, ms.

// Parts of a page come at different times: only what has just come tells how late it is there. It may have been made a second
// before, for somebody else: so the one that came quickest is believed, unless a clock was set.
function setClock() {
  const moments = [...document.querySelectorAll("[data-now]")].map((part) => Number(part.dataset.now));
  const at = Math.max(0, ...moments);
  if (at <= newest) return;
  newest = at;
  const seen = at - Date.now();
  if (seen > ahead || seen < ahead - 5000) ahead = seen;
}
const now = () => Date.now() + ahead;

function length(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// Elements that change with the clock are ticked together, so that a page with many of them wakes once a second.
const ticking = new Set();
class Ticking extends HTMLElement {
  connectedCallback() { ticking.add(this); this.tick(); }
  disconnectedCallback() { ticking.delete(this); }
}
class Countdown extends Ticking {
  static observedAttributes = ["to"];
  attributeChangedCallback() { if (this.isConnected) this.tick(); }
  tick() {
    const text = length(Date.parse(this.getAttribute("to")) - now());
    if (this.textContent !== text) this.textContent = text;
  }
}
class Ago extends Ticking {
  static observedAttributes = ["since"];
  attributeChangedCallback() { if (this.isConnected) this.tick(); }
  tick() {
    const ms = now() - Date.parse(this.getAttribute("since"));
    const text = this.getAttribute("words").replace("{length}", length(Math.floor(Math.max(0, ms) / 1000) * 1000));
    if (this.textContent !== text) this.textContent = text;
  }
}
class Copy extends HTMLElement {
  connectedCallback() {
    if (!navigator.clipboard || this.querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = this.getAttribute("label");
    button.addEventListener("click", async () => {
      const of = document.getElementById(this.getAttribute("of"));
      of.classList.add("copied");
      const text = of.innerText;
      of.classList.remove("copied");
      await navigator.clipboard.writeText(text);
      button.textContent = this.getAttribute("done");
    });
    this.append(button);
  }
}
setClock(); // They tick as soon as they are defined.
customElements.define("lull-countdown", Countdown);
customElements.define("lull-ago", Ago);
customElements.define("lull-copy", Copy);
const tickAll = () => { for (const element of ticking) element.tick(); };
setInterval(() => { if (!document.hidden) tickAll(); }, 1000);

// Acts: nothing is done with a page that is not of now, or while Redis is away. It says why, and they come back by themselves.
const held = document.getElementById("held");
const live = document.querySelector("main [data-live]");
const patience = live ? 8000 : 25000; // Of a page without parts that are read again only the strip tells, every ten seconds.
let seen = Date.now(), returned = 0, typed = false, over = false;
const isStale = () => Date.now() - seen > patience && Date.now() - returned > 3000;
function isAway() {
  const parts = [...document.querySelectorAll("[data-now]")].sort((one, other) => other.dataset.now - one.dataset.now);
  return parts.length > 0 && "away" in parts[0].dataset;
}
function hold() {
  const why = over ? held.dataset.over : isAway() ? held.dataset.away : isStale() ? held.dataset.stale : "";
  if (!why && "anew" in held.dataset && !typed) { location.reload(); return; } // It was made while Redis was away.
  if (held.textContent !== why) held.textContent = why;
  held.hidden = !why;
  document.getElementById("anew").hidden = !over;
  for (const button of document.querySelectorAll("[data-act]")) {
    button.disabled = why !== "";
    if (why) button.setAttribute("aria-describedby", "held"); else button.removeAttribute("aria-describedby");
  }
}
if (held) {
  document.querySelector("main").addEventListener("input", () => { typed = true; });
  document.addEventListener("htmx:after:swap", (event) => {
    if (!isAway() && (!live || event.target.closest?.("main"))) seen = Date.now();
    setClock();
    tickAll();
    hold();
  });
  // Nobody is signed in any more: the page would be left for the form of a key, and what was typed with it.
  document.addEventListener("htmx:before:response", (event) => {
    over = event.detail.ctx.response.status === 401 && typed;
    if (!over) return;
    event.preventDefault();
    hold();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    returned = Date.now();
    document.body.dispatchEvent(new Event("lull:return"));
  });
  setInterval(() => { if (!document.hidden) hold(); }, 2000);
}

// Looking again: every two seconds what the page shows of now, and at once when something was settled; not while hidden.
if (live) {
  const dot = document.getElementById("live");
  let stream, pending = false;
  const look = () => {
    if (pending || over || document.hidden) return;
    pending = true;
    setTimeout(() => { pending = false; document.body.dispatchEvent(new Event("lull:look")); }, 250);
  };
  const tell = () => {
    if (!dot) return;
    const stale = isStale() || isAway();
    dot.textContent = stale ? dot.dataset.stale.replace("{time}", new Date(seen).toLocaleTimeString(page.lang)) : dot.dataset.live;
    page.classList.toggle("stale", stale);
  };
  const open = () => {
    stream = new EventSource("/api/events");
    for (const name of ["attempt", "dead_letter", "changed", "reload", "skipped"]) stream.addEventListener(name, look);
  };
  const close = () => { stream?.close(); stream = undefined; };
  document.addEventListener("visibilitychange", () => { if (document.hidden) close(); else { open(); look(); } });
  addEventListener("pagehide", close);
  if (!document.hidden) open();
  document.addEventListener("htmx:after:swap", tell);
  setInterval(() => { look(); tell(); }, 2000);
}

// Rows keep their places while somebody is at them, so that what is tapped is what was read: what is gone leaves its place empty,
// what is new comes last. Who was away sees the order of now, and a tap that was meant for what stood there before does nothing.
let touched = -Infinity, moved = -Infinity, places = new Map();
for (const kind of ["pointerdown", "pointermove", "touchmove", "wheel", "keydown"]) addEventListener(kind, () => { touched = Date.now(); }, { passive: true, capture: true });
const rowsOf = (list) => [...list.children].filter((row) => row.id);
function lists() {
  const found = new Map();
  for (const list of document.querySelectorAll("main [data-live] ul.rows")) {
    const name = list.closest("[id]").id;
    if (!found.has(name) && rowsOf(list).length) found.set(name, list);
  }
  return found;
}
function emptied(row) {
  row.classList.add("gone");
  row.inert = true;
  for (const act of row.querySelectorAll(".acts")) act.remove();
  return row;
}
function keepPlaces() {
  for (const [name, list] of lists()) {
    const before = places.get(name), rows = rowsOf(list);
    if (!before || before.every((row, place) => rows[place]?.id === row.id)) continue;
    if (Date.now() - touched > 10000 || before.length > 150) { moved = Date.now(); continue; }
    const focused = document.activeElement, left = new Map(rows.map((row) => [row.id, row]));
    const kept = before.map((row) => left.get(row.id) ?? emptied(row));
    kept.forEach((row, place) => { const there = rowsOf(list)[place]; if (there !== row) list.insertBefore(row, there ?? null); });
    if (focused !== document.activeElement) focused.focus({ preventScroll: true });
  }
}
if (live) {
  document.addEventListener("htmx:before:swap", () => { places = new Map([...lists()].map(([name, list]) => [name, rowsOf(list).map((row) => row.cloneNode(true))])); });
  document.addEventListener("htmx:after:swap", keepPlaces);
  addEventListener("click", (event) => {
    if (event.detail === 0 || Date.now() - moved > 600 || !event.target.closest?.("[data-live] ul.rows .acts")) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
}

// Keys: each is also a link or a button, which carries its letter. None is taken while somebody types.
let going = false;
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.matches?.("#search")) { event.target.blur(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select")) return;
  const wanted = going ? `g ${event.key}` : event.key;
  going = !going && event.key === "g";
  if (event.key === "j" || event.key === "k") {
    const rows = [...document.querySelectorAll("[data-row] a, a[data-row]")];
    const at = rows.indexOf(document.activeElement);
    rows[event.key === "j" ? Math.min(at + 1, rows.length - 1) : Math.max(at - 1, 0)]?.focus();
    return;
  }
  const target = document.querySelector(`[data-key="${CSS.escape(wanted)}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("input")) target.focus(); else target.click();
});
