/** Starts the page: one store, one screen at a time, everything brought up to date a few times a second. */

import type { Part } from "./dom.ts";
import { attr, h, setText, show, spring, svg } from "./dom.ts";
import { duration } from "./format.ts";
import { inboxScreen } from "./inbox.ts";
import { follow } from "./live.ts";
import { overviewScreen } from "./overview.ts";
import { state, tickAges } from "./parts.ts";
import { sensorScreen } from "./sensor.ts";
import { sensorsScreen } from "./sensors.ts";
import { Store } from "./store.ts";
import { systemScreen } from "./system.ts";
import { unlock } from "./unlock.ts";
import { upstreamScreen } from "./upstream.ts";

/** Name, address and drawing (24 by 24, strokes) of each screen. */
const SCREENS = [
  ["Overview", "#/", "M4 12.5 9 17.5 20 6.5"],
  ["Sensors", "#/sensors", "M10 14.5V5a2 2 0 0 1 4 0v9.5a4 4 0 1 1-4 0ZM12 10v8"],
  ["Inbox", "#/inbox", "M4 13h4l1.5 3h5L16 13h4M6 5h12l2 8v6H4v-6Z"],
  ["Upstream", "#/upstream", "M12 19V5m-6 6 6-6 6 6"],
  ["System", "#/system", "M4 7h9m4 0h3M4 17h3m4 0h9M15 4.5v5M9 14.5v5"],
] as const;

const PACE_MS = 200;

const store = new Store();
const main = document.querySelector("main");
const nav = document.querySelector("nav");
const banner = document.querySelector<HTMLElement>("#banner");
let screen: Part<Store> | undefined;

function create(hash: string): Part<Store> {
  const [, name = "", argument] = hash.split("/");
  if (name === "sensors" && argument) return sensorScreen(store, decoded(argument));
  if (name === "sensors") return sensorsScreen();
  if (name === "inbox") return inboxScreen(store);
  if (name === "upstream") return upstreamScreen();
  if (name === "system") return systemScreen();
  return overviewScreen(store);
}

/** An address typed by hand may be anything; the page goes on. */
function decoded(argument: string): string {
  try {
    return decodeURIComponent(argument);
  } catch {
    return argument;
  }
}

function route(moved: boolean): void {
  const hash = location.hash || "#/";
  screen = create(hash);
  main?.replaceChildren(screen.element);
  const current = SCREENS.findLast(([, href]) => hash.startsWith(href));
  for (const link of nav?.querySelectorAll("a") ?? [])
    attr(link, "aria-current", link.getAttribute("href") === current?.[1] ? "page" : undefined);
  document.title = `${current?.[0] ?? "Overview"} · Isthmus`;
  draw();
  if (!moved) return;
  scrollTo(0, 0);
  main?.focus({ preventScroll: true });
}

let waiting = false;
let drawnAt = 0;

/** Five times a second is more than anybody reads, and leaves a phone its battery. */
function later(): void {
  if (waiting) return;
  waiting = true;
  const pause = Math.max(0, drawnAt + PACE_MS - performance.now());
  setTimeout(() => requestAnimationFrame(drawn), pause);
}

function drawn(): void {
  waiting = false;
  drawnAt = performance.now();
  draw();
}

const [unwellBadge, inboxBadge] = [h("span", { class: "badge" }), h("span", { class: "badge" })];
const pulse = state("small");

function draw(): void {
  screen?.update(store);
  const { status, connection } = store;
  const unwell = status ? status.sensors.gone + status.sensors.stale : 0;
  setText(unwellBadge, unwell > 0 ? String(unwell) : "");
  setText(inboxBadge, String(store.waiting.length || ""));
  attr(document.body, "data-connection", connection);
  if (connection === "open") pulse.set("good", "Connected");
  else pulse.set(connection === "lost" ? "bad" : "idle", connection === "lost" ? "Not connected" : "Connecting");
  drawBanner();
}

function drawBanner(): void {
  if (!banner) return;
  show(banner, store.connection === "lost" && !store.locked);
  if (store.connection !== "lost") return;
  const since = duration(Date.now() - store.lastEventAt);
  const old = store.lastEventAt > 0 ? ` What you see is ${since} old.` : "";
  setText(banner, `The gateway does not answer; trying again.${old}`);
}

function drawNav(): void {
  for (const [name, href, drawing] of SCREENS) {
    const icon = svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: drawing }));
    nav?.append(
      h("a", { href }, icon, h("span", {}, name), name === "Sensors" && unwellBadge, name === "Inbox" && inboxBadge),
    );
  }
  nav?.append(spring(), pulse.element);
}

drawNav();
store.subscribe((changes) => {
  if (changes.has("connection") && store.locked) unlock(store);
  later();
});
addEventListener("hashchange", () => route(true));
route(false);
follow(store);
setInterval(() => {
  tickAges(document);
  if (store.connection === "lost") later();
}, 1_000);
