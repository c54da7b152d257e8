/** The shape of the configuration file: from it come validation, the editors' JSON Schema, and the reference. */

import { z } from "zod";
import { Secret } from "../base/secret.ts";
import { BootstrapSection, ServerSection } from "./servers.ts";
import { Bytes, Seconds } from "./values.ts";

/** LwM2M puts the name into a query of at most 255 bytes: `ep=` and this (Core 1.2 §6.2.1). */
export const EndpointName = z
  .string()
  .regex(/^[\w.:~@+-]{1,128}$/, { error: "expected 1 to 128 letters, digits or any of . _ : ~ @ + -" });

export const Label = z.string().min(1).max(100);

/** `adapter/address`. */
export const SourceName = z
  .string()
  .regex(/^[\w-]+\/.+$/s, { error: "expected adapter/address, such as radio/CB:B8:33:4C:88:4F" });

export const AdapterName = z
  .string()
  .regex(/^[\w-]{1,40}$/, { error: "expected a name of 1 to 40 letters, digits, - or _" });

const MODES = ["endpoints", "object25", "both"] as const;

const Gateway = z
  .strictObject({
    endpoint: EndpointName.exactOptional(),
    allow_reboot: z.boolean().default(false),
    starts_per_second: z.int().min(1).max(100_000).exactOptional(),
    mode: z.enum(MODES, { error: `expected ${MODES.join(", ")}` }).exactOptional(),
    latitude: z.number().min(-90).max(90).exactOptional(),
    longitude: z.number().min(-180).max(180).exactOptional(),
    altitude: z.number().min(-1_000).max(10_000).exactOptional(),
  })
  .refine(({ latitude, longitude }) => (latitude === undefined) === (longitude === undefined), {
    error: "latitude and longitude go together",
    path: ["latitude"],
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

/** An adapter's own settings are checked by the adapter's own schema. */
export const AdapterSectionHead = z.looseObject({ type: z.string() });

/** Less would not hold what one sensor says in an hour; more than a small machine has is a slip of the pen. */
const Storage = z.strictObject({ memory: Bytes({ least: 65_536, most: 4 * 1_024 ** 3 }).exactOptional() });

/** RFC 9146 §3: our end is found by its port, so that an empty one will do. */
const MAX_CONNECTION_ID = 32;

const Dtls = z.strictObject({
  backend: z.enum(["own", "openssl"], { error: "expected own or openssl" }).exactOptional(),
  connection_id: z
    .union([z.literal(false), z.int().min(0).max(MAX_CONNECTION_ID)], {
      error: `expected false, or 0 to ${MAX_CONNECTION_ID} bytes`,
    })
    .exactOptional(),
  /** LwM2M servers and slow links want up to 9 s (RFC 7925 §11). */
  retransmit: Seconds.refine((seconds) => seconds >= 1 && seconds <= 9, {
    error: "expected 1 to 9 seconds",
  }).exactOptional(),
  cbc: z.boolean().exactOptional(),
  extended_master_secret: z.enum(["required", "offered"], { error: "expected required or offered" }).exactOptional(),
});

const Port = z.int().min(0).max(65_535);

const Lab = z.strictObject({
  port: Port.default(5_683),
  bootstrap_port: Port.exactOptional(),
  secure_port: Port.exactOptional(),
});

const LEVELS = ["debug", "info", "warn", "error"] as const;

/** The file without a look inside the sections that may fail alone. */
export const FileSchema = z.strictObject({
  gateway: Gateway.default({ allow_reboot: false }),
  server: ServerSection.exactOptional(),
  servers: z.array(ServerSection).max(8).exactOptional(),
  bootstrap: BootstrapSection.exactOptional(),
  storage: Storage.exactOptional(),
  http: Http.exactOptional(),
  adapters: z.record(z.string(), z.unknown()).default({}),
  adopt: z.array(z.unknown()).default([]),
  sensors: z.array(z.unknown()).default([]),
  dtls: Dtls.exactOptional(),
  lab: Lab.exactOptional(),
  objects: z.array(z.string().min(1)).default([]),
  devices: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(16)], {
      error: "expected a folder, or a list of folders",
    })
    .exactOptional(),
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
