/** The state of the whole gateway in words: one sentence, then only what is wrong, since when, and what to do. */

import type { Clock } from "../../base/clock.ts";
import type { AdapterState } from "../adapters.ts";
import { iso } from "./registration.ts";
import type { Liveness, Problem, ServerStatus, StorageStatus } from "./status.ts";

/** What the words are made of. */
export interface Facts {
  readonly sensors: Readonly<Record<Liveness | "total", number>>;
  readonly inbox: number;
  readonly adapters: ReadonlyMap<string, AdapterState>;
  readonly servers: readonly ServerFacts[];
  /** Sensors that have been silent for too long: name, and milliseconds of silence. */
  readonly silent: readonly Silent[];
  /** Sensors whose frames stay closed, and where people find the key. */
  readonly sealed: readonly {
    readonly label: string;
    readonly state: "missing" | "wrong";
    readonly where: string;
    readonly configured?: true;
  }[];
  /** Sensors that now speak as another definition has it. */
  readonly changed: readonly { readonly label: string; readonly definition: string }[];
  readonly storage: StorageStatus & { readonly droppedAtMs?: number };
  /** Entries of the roster or of the config that could not be taken up: what, and what to do. */
  readonly refused: readonly { readonly what: string; readonly next: string }[];
}

export interface Silent {
  readonly label: string;
  readonly liveness: Liveness;
  /** It is said not to be there. */
  readonly offline?: true;
  readonly ms: number;
}

export interface ServerFacts extends ServerStatus {
  readonly lastAnswerMs?: number;
  /** The error that most endpoints report. */
  readonly lastError?: string;
}

/** Problems shown one by one; more of a kind are counted. */
const MAX_NAMED = 10;
/** How long a loss is still news. */
const DROPPED_MS = 86_400_000;

interface Finding {
  /** What makes it the same problem the next time. */
  readonly key: string;
  readonly what: string;
  readonly next: string;
  /** Milliseconds since 1970, where it is known from elsewhere. */
  readonly since?: number;
}

/** Remembers since when each problem has been there. */
export class Problems {
  readonly #clock: Clock;
  #since: ReadonlyMap<string, number> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is wrong now. */
  of(facts: Facts): Problem[] {
    const { ms: now, trusted } = this.#clock.now();
    const findings = [
      ...ofAdapters(facts),
      ...ofServers(facts),
      ...ofStorage(facts, now),
      ...facts.refused.map(asFinding),
      ...ofKeys(facts),
      ...ofChanged(facts),
      ...ofSensors(facts, now),
    ];
    if (!trusted)
      findings.push({ key: "clock", what: "The clock of this machine is not set.", next: "Check its network time." });
    this.#since = new Map(findings.map(({ key, since }) => [key, since ?? this.#since.get(key) ?? now]));
    return findings.map(({ key, what, next }) => ({ what, next, since: iso(this.#since.get(key) ?? now) }));
  }
}

function asFinding({ what, next }: Facts["refused"][number]): Finding {
  return { key: what, what, next };
}

function ofAdapters({ adapters }: Facts): Finding[] {
  return [...adapters].flatMap(([name, health]): Finding[] =>
    health.state === "ok"
      ? []
      : [
          {
            key: `adapter ${name}`,
            what: `Adapter ${name} is ${health.state}: ${health.reason}.`.replace(/\.\.$/, "."),
            next:
              health.state === "down"
                ? "It is tried again by itself; see that what it talks to is there."
                : "It works, but not as it should.",
          },
        ],
  );
}

function ofServers({ servers }: Facts): Finding[] {
  return servers.flatMap(({ uri, registered, endpoints, lastError }): Finding[] => {
    if (endpoints === 0 || registered === endpoints) return [];
    const missing = endpoints - registered;
    // Without an error they are just on their way.
    if (lastError === undefined) return [];
    const who =
      registered === 0 ? "No endpoint is" : `${missing} of ${endpoints} endpoints ${missing === 1 ? "is" : "are"} not`;
    return [
      { key: `server ${uri}`, what: `${who} registered at ${uri}: ${sentence(lastError)}`, next: nextStep(lastError) },
    ];
  });
}

function ofStorage({ storage }: Facts, now: number): Finding[] {
  const { dropped, droppedAtMs = -Infinity, budgetBytes } = storage;
  if (dropped === 0 || now - droppedAtMs > DROPPED_MS) return [];
  const size = `${Math.round(budgetBytes / 1_024 ** 2)} MB`;
  return [
    {
      key: "storage",
      what: `${dropped} ${dropped === 1 ? "notification was" : "notifications were"} lost: the ${size} for what servers miss were full.`,
      next: "Give storage.memory more room in the configuration, or let sensors tell less.",
    },
  ];
}

/** A question ends as one. */
function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

/** A certificate of the server that we do not accept: nothing of ours is wrong, and comparing it would help nobody. */
const STALE = /\bcertificate\b.* (expired on|is not valid before) /;
const MISNAMED = /\bcertificate\b.* is not for (?!signing|servers)/;
/** What handshakes that fail speak of, unless nobody answers. */
const PROOF = /\b(identity|keys?|certificates?|cipher suites?|authority)\b/i;

/** What to do about an error of registration, by its code (LwM2M Core 1.2 §6.2.1) or by what it speaks of. */
export function nextStep(error: string): string {
  if (error.startsWith("4.00")) return "The server did not understand the registration: does it speak LwM2M 1.1?";
  if (error.startsWith("4.03") || error.startsWith("4.01"))
    return "The server does not admit this endpoint name: enter it there first.";
  if (error.startsWith("4.04")) return "This address answers CoAP but has no LwM2M registration: check the port.";
  if (error.startsWith("4.12")) return 'The server does not support this version of LwM2M: set version: "1.0".';
  if (error.startsWith("5.")) return "The server has a fault of its own: see its log. It is tried again by itself.";
  if (error.includes(" has no key for "))
    return "Until then, this endpoint says nothing to that server; the others go on.";
  if (STALE.test(error))
    return "Renew the server's certificate, or set the clock of this machine; it is tried again by itself.";
  if (MISNAMED.test(error))
    return "Write the name that stands in the server's certificate into uri or security.server_name, and start again.";
  if (PROOF.test(error))
    return "Compare identity and key, or certificates, with what the server has for this endpoint; it is tried again by itself.";
  return "Check that the server runs and can be reached from here; it is tried again by itself.";
}

function ofKeys({ sealed }: Facts): Finding[] {
  const named = sealed.slice(0, MAX_NAMED).map(({ label, state, where, configured }): Finding => {
    const place = configured ? "in the configuration" : "on its page, or as key of the sensor in the configuration";
    return state === "missing"
      ? {
          key: `key ${label}`,
          what: `${label} seals what it says, and has no key here.`,
          next: `Enter it ${place}. Where it is found: ${where}`,
        }
      : {
          key: `key ${label}`,
          what: `The key of ${label} does not open what it says.`,
          next: `Look it up again, and enter it ${place}. Where it is found: ${where}`,
        };
  });
  const more = sealed.length - named.length;
  if (more <= 0) return named;
  return [
    ...named,
    { key: "keys", what: `${more} more sensors have no key that fits.`, next: "See the list of sensors." },
  ];
}

function ofChanged({ changed }: Facts): Finding[] {
  return changed.slice(0, MAX_NAMED).map(({ label, definition }) => ({
    key: `changed ${label}`,
    what: `${label} now speaks ${definition}, and no longer what it was adopted with.`,
    next: "Adopt it again: remove it, then adopt it from the inbox under the same endpoint name.",
  }));
}

function ofSensors({ silent }: Facts, now: number): Finding[] {
  const worst = silent.toSorted((a, b) => b.ms - a.ms);
  const named = worst.slice(0, MAX_NAMED).map(({ label, liveness, offline, ms }) => ({
    key: `silent ${label}`,
    what: offline
      ? `${label} is offline: its device says so, or who speaks for it.`
      : `${label} ${liveness === "gone" ? "is gone" : "is late"}: not heard for ${inWords(ms)}.`,
    next: offline
      ? "Check its power, its network, and the program that speaks for it."
      : "Check its battery, its distance, and that nothing was moved.",
    since: now - ms,
  }));
  const more = worst.length - named.length;
  if (more <= 0) return named;
  return [...named, { key: "silent", what: `${more} more are silent.`, next: "See the list of sensors." }];
}

/** "All 42 sensors are live, the server answered 3 s ago." */
export function summarise({ sensors, inbox, servers, adapters }: Facts, now: number): string {
  const upstream = upstreamWords(servers, now);
  if (sensors.total === 0) {
    const heard = inbox > 0 ? `${inbox} heard in the inbox` : heardNothing(adapters);
    return `No sensors yet: ${heard}; ${upstream}.`;
  }
  const { total, live } = sensors;
  const noun = total === 1 ? "sensor" : "sensors";
  if (live === total) return `${total === 1 ? "The one sensor is" : `All ${total} sensors are`} live, ${upstream}.`;
  const others = (["waiting", "stale", "gone"] as const)
    .filter((each) => sensors[each] > 0)
    .map((each) => `${sensors[each]} ${each}`);
  return `${live} of ${total} ${noun} live, ${others.join(", ")}; ${upstream}.`;
}

function heardNothing(adapters: ReadonlyMap<string, AdapterState>): string {
  return adapters.size === 0 ? "no adapter is configured" : "nothing was heard";
}

function upstreamWords(servers: readonly ServerFacts[], now: number): string {
  const silent = servers.filter((each) => each.registered === 0 && each.endpoints > 0);
  if (silent.length > 0)
    return `${silent.map((each) => each.uri).join(" and ")} ${silent.length === 1 ? "has" : "have"} not accepted any yet`;
  const latest = Math.max(...servers.map((each) => each.lastAnswerMs ?? -Infinity));
  return latest === -Infinity
    ? "no server has answered yet"
    : `the server answered ${inWords(Math.max(0, now - latest))} ago`;
}

/** A span of time in its largest unit. */
export function inWords(ms: number): string {
  if (ms < 90_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 90 * 60_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 36 * 3_600_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} days`;
}
