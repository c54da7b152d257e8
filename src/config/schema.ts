/** The shape of the configuration file: from it come validation, the editors' JSON Schema, and the reference. */

import { z } from "zod";
import { parseDuration } from "../base/duration.ts";
import { Secret } from "../base/secret.ts";

const MAX_LIFETIME_S = 86_400 * 30;

/** LwM2M puts the name into a query of at most 255 bytes: `ep=` and this (Core 1.2 §6.2.1). */
export const EndpointName = z
  .string()
  .regex(/^[\w.:~@+-]{1,128}$/, { error: "expected 1 to 128 letters, digits or any of . _ : ~ @ + -" });

const Label = z.string().min(1).max(100);

/** `adapter/address`. */
const SourceName = z
  .string()
  .regex(/^[\w-]+\/.+$/s, { error: "expected adapter/address, such as radio/CB:B8:33:4C:88:4F" });

export const AdapterName = z
  .string()
  .regex(/^[\w-]{1,40}$/, { error: "expected a name of 1 to 40 letters, digits, - or _" });

/** Whole seconds as a number, or a duration as text; seconds afterwards. */
const Seconds = z
  .union([z.int(), z.string()], { error: "expected seconds, or a duration such as `5m`" })
  .transform((value, context) => {
    const seconds = typeof value === "number" ? value : (parseDuration(value) ?? NaN) / 1_000;
    if (Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_LIFETIME_S) return seconds;
    context.addIssue({ code: "custom", message: "expected whole seconds up to 30 days, or a duration such as `5m`" });
    return z.NEVER;
  });

const ServerUri = z.string().refine(isCoapUri, { error: 'expected coap://host:port, such as "coap://127.0.0.1:5683"' });

const Gateway = z.strictObject({
  endpoint: EndpointName.exactOptional(),
  allow_reboot: z.boolean().default(false),
});

const Version = z.enum(["1.0", "1.1", "1.2"], { error: 'expected "1.0", "1.1" or "1.2", in quotes' });

const Bootstrap = z.strictObject({
  uri: ServerUri,
  hold_off: Seconds.exactOptional(),
  version: Version.exactOptional(),
});

const Server = z
  .strictObject({
    uri: ServerUri,
    lifetime: Seconds.refine((seconds) => seconds > 0, { error: "expected at least 1 second" }).default(300),
    min_period: Seconds.exactOptional(),
    max_period: Seconds.exactOptional(),
    version: Version.exactOptional(),
  })
  .refine(({ min_period: min = 0, max_period: max = Infinity }) => max >= min, {
    // LwM2M Core 1.2 §7.3.2: with such a pair, the maximum would be ignored.
    error: "is shorter than min_period",
    path: ["max_period"],
    when: ({ issues }) => issues.length === 0,
  });

const Listen = z.string().refine((text) => parseListen(text) !== undefined, {
  error: 'expected host:port, such as "127.0.0.1:8080"',
});

const MIN_TOKEN = 8;
const Token = z
  .union([z.string(), z.instanceof(Secret)], { error: "expected text, !env NAME or !file PATH" })
  .refine((token) => (typeof token === "string" ? token : token.reveal()).length >= MIN_TOKEN, {
    error: `expected at least ${MIN_TOKEN} characters`,
  });

const Http = z.strictObject({ listen: Listen.default("127.0.0.1:8080"), token: Token.exactOptional() });

export const AdoptRuleSection = z
  .strictObject({
    definition: z.string().min(1).exactOptional(),
    adapter: z.string().min(1).exactOptional(),
    source: z.string().min(1).exactOptional(),
    rssi: z.int().min(-150).max(20).exactOptional(),
  })
  .refine((rule) => Object.keys(rule).length > 0, {
    error: "an empty rule would adopt everything: name a definition",
    when: ({ issues }) => issues.length === 0,
  });

export const SensorSection = z.strictObject({
  source: SourceName,
  definition: z.string().min(1).exactOptional(),
  endpoint: EndpointName.exactOptional(),
  label: Label.exactOptional(),
});

/** An adapter's own settings are checked by the adapter's own schema. */
export const AdapterSectionHead = z.looseObject({ type: z.string() });

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** The file without a look inside the sections that may fail alone. */
export const FileSchema = z.strictObject({
  gateway: Gateway.default({ allow_reboot: false }),
  server: Server.exactOptional(),
  servers: z.array(Server).max(8).exactOptional(),
  bootstrap: Bootstrap.exactOptional(),
  http: Http.exactOptional(),
  adapters: z.record(z.string(), z.unknown()).default({}),
  adopt: z.array(z.unknown()).default([]),
  sensors: z.array(z.unknown()).default([]),
  lab: z.strictObject({ port: z.int().min(0).max(65_535).default(5_683) }).exactOptional(),
  objects: z.array(z.string().min(1)).default([]),
  devices: z.string().min(1).exactOptional(),
  log: z.strictObject({ level: z.enum(LEVELS).default("info") }).default({ level: "info" }),
});

export type ConfigFile = z.output<typeof FileSchema>;

/** Host and port of `host:port` or `[v6]:port`; undefined if the text is neither. */
export function parseListen(text: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const port = Number(match[3]);
  return port <= 65_535 ? { host: match[1] ?? match[2] ?? "", port } : undefined;
}

/** Whether only this machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function isCoapUri(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, pathname, search, hash } = new URL(text);
  const bare = username + password + search + hash === "" && (pathname === "" || pathname === "/");
  return protocol === "coap:" && hostname !== "" && bare;
}
