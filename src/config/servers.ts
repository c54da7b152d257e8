/** Servers and the Bootstrap-Server in the file: their keys, what must not stand together, and what becomes of them. */

import { z } from "zod";
import { type Contradiction, type Guarded, securityContradictions } from "./security/contradictions.ts";
import { SecuritySection } from "./security/section.ts";
import type { SecurityConfig } from "./security/security.ts";
import type { ValuePath } from "./source.ts";
import { Seconds } from "./values.ts";

/** Keys of the file and the words of Object 1 for them (LwM2M Core 1.2 Appendix E.2). Durations in seconds. */
const NUMBERS = [
  ["short_server_id", "shortServerId"],
  ["min_period", "defaultMinimumPeriod"],
  ["max_period", "defaultMaximumPeriod"],
  ["priority", "priority"],
  ["initial_delay", "initialDelay"],
  ["retry_count", "retryCount"],
  ["retry_timer", "retryTimer"],
  ["sequence_delay", "sequenceDelay"],
  ["sequence_count", "sequenceCount"],
  ["disable_timeout", "disableTimeout"],
] as const;
const SWITCHES = [
  ["queue", "queue"],
  ["failure_block", "failureBlock"],
  ["bootstrap_on_failure", "bootstrapOnFailure"],
  ["storing", "storing"],
  ["mute_send", "muteSend"],
  ["confirm_notifications", "confirmNotifications"],
] as const;

type NumberField = (typeof NUMBERS)[number][1];
type SwitchField = (typeof SWITCHES)[number][1];

type Version = "1.0" | "1.1" | "1.2";

/** One server. `shortServerId` absent: its place in the list, from 1. */
export interface ServerConfig
  extends Readonly<Partial<Record<NumberField, number>>>,
    Readonly<Partial<Record<SwitchField, boolean>>> {
  readonly uri: string;
  /** Seconds; 0: for ever. */
  readonly lifetime: number;
  readonly version?: Version;
  readonly security?: SecurityConfig;
}

/** Where sensors are given their servers. */
export interface BootstrapConfig {
  readonly uri: string;
  /** Seconds that the server may begin by itself before it is asked to. */
  readonly holdOff?: number;
  readonly version?: Version;
  readonly security?: SecurityConfig;
}

const ServerUri = z.string().refine(isServerUri, {
  error: 'expected coap://host:port or coaps://host:port, such as "coaps://lwm2m.example:5684"',
});

const Version = z.enum(["1.0", "1.1", "1.2"], { error: 'expected "1.0", "1.1" or "1.2", in quotes' });

export const BootstrapSection = z.strictObject({
  uri: ServerUri,
  hold_off: Seconds.exactOptional(),
  version: Version.exactOptional(),
  security: SecuritySection.exactOptional(),
});

const Attempts = z.int().min(1).max(1_000);

export const ServerSection = z.strictObject({
  uri: ServerUri,
  lifetime: Seconds.default(300),
  version: Version.exactOptional(),
  short_server_id: z.int().min(1).max(65_534).exactOptional(),
  min_period: Seconds.exactOptional(),
  max_period: Seconds.exactOptional(),
  queue: z.boolean().exactOptional(),
  priority: z.int().min(0).max(65_535).exactOptional(),
  failure_block: z.boolean().exactOptional(),
  initial_delay: Seconds.exactOptional(),
  bootstrap_on_failure: z.boolean().exactOptional(),
  retry_count: Attempts.exactOptional(),
  retry_timer: Seconds.exactOptional(),
  sequence_delay: Seconds.exactOptional(),
  sequence_count: Attempts.exactOptional(),
  storing: z.boolean().exactOptional(),
  disable_timeout: Seconds.exactOptional(),
  mute_send: z.boolean().exactOptional(),
  confirm_notifications: z.boolean().exactOptional(),
  security: SecuritySection.exactOptional(),
});
export type ServerSection = z.output<typeof ServerSection>;

/** What the file says of servers. */
export interface ServerSections {
  readonly server?: ServerSection;
  readonly servers?: readonly ServerSection[];
  readonly bootstrap?: z.output<typeof BootstrapSection>;
}

export function serverConfigs({ server, servers }: ServerSections): ServerConfig[] {
  return (servers ?? (server ? [server] : [])).map(serverConfig);
}

function serverConfig(section: ServerSection): ServerConfig {
  const numbers: Partial<Record<NumberField, number>> = {};
  const switches: Partial<Record<SwitchField, boolean>> = {};
  for (const [key, field] of NUMBERS) {
    const value = section[key];
    if (value !== undefined) numbers[field] = value;
  }
  for (const [key, field] of SWITCHES) {
    const value = section[key];
    if (value !== undefined) switches[field] = value;
  }
  const { uri, lifetime, version, security } = section;
  return { uri, lifetime, ...(version && { version }), ...numbers, ...switches, ...(security && { security }) };
}

export function bootstrapConfig(section: z.output<typeof BootstrapSection>): BootstrapConfig {
  const { uri, hold_off, version, security } = section;
  return {
    uri,
    ...(hold_off !== undefined && { holdOff: hold_off }),
    ...(version && { version }),
    ...(security && { security }),
  };
}

/** What must not stand together, in one server or among several. */
export function contradictions({ server, servers, bootstrap }: ServerSections): Contradiction[] {
  const found: Contradiction[] = [];
  if (server && servers)
    found.push({ path: ["servers"], message: "server and servers exclude one another", hint: "keep one of them" });
  if (server) found.push(...inOne(server, ["server"], bootstrap !== undefined));
  const guarded: Guarded[] = (servers ?? []).map((each, index) => ({ ...each, path: ["servers", index] }));
  if (server) guarded.push({ ...server, path: ["server"] });
  if (bootstrap) guarded.push({ ...bootstrap, path: ["bootstrap"] });
  found.push(...securityContradictions(guarded));
  const uris = new Set<string>();
  const numbers = new Set<number>();
  for (const [index, each] of (servers ?? []).entries()) {
    const path = ["servers", index];
    const { uri, short_server_id: number = index + 1 } = each;
    found.push(...inOne(each, path, bootstrap !== undefined));
    if (uris.has(uri)) found.push({ path: [...path, "uri"], message: "this server is already in the list" });
    else if (numbers.has(number))
      found.push({
        path: [...path, "short_server_id"],
        message: `${number} is another server's, by its word or by its place in the list`,
        hint: "number them all",
      });
    uris.add(uri);
    numbers.add(number);
  }
  return found;
}

function inOne(server: ServerSection, path: ValuePath, hasBootstrap: boolean): Contradiction[] {
  const { lifetime, version, min_period: least = 0, max_period: most = Infinity } = server;
  const found: Contradiction[] = [];
  if (lifetime === 0 && version !== "1.2")
    found.push({
      path: [...path, "lifetime"],
      message: "0 means for ever, which servers know since LwM2M 1.2",
      hint: 'say version: "1.2", or at least 1 second',
    });
  // LwM2M Core 1.2 §7.3.2: with such a pair, the maximum would be ignored.
  if (most < least) found.push({ path: [...path, "max_period"], message: "is shorter than min_period" });
  if (server.failure_block === true && server.priority === undefined)
    found.push({
      path: [...path, "failure_block"],
      message: "nobody waits for a server without a priority",
      hint: "give it one; lower numbers go first",
    });
  if (server.bootstrap_on_failure === true && !hasBootstrap)
    found.push({ path: [...path, "bootstrap_on_failure"], message: "there is no bootstrap section", hint: "add one" });
  return found;
}

const SCHEMES: ReadonlySet<string> = new Set(["coap:", "coaps:", "coap+tcp:", "coaps+tcp:"]);

function isServerUri(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, pathname, search, hash } = new URL(text);
  const bare = username + password + search + hash === "" && (pathname === "" || pathname === "/");
  return SCHEMES.has(protocol) && hostname !== "" && bare;
}
