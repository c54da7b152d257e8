/** Files that nobody means well with: too long, too deep, too many, and thousands of broken ones. */

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { configSchema, formatProblem, readConfig } from "../../src/config/index.ts";
import { adapterSettings } from "../../src/daemon.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const adapters = adapterSettings();
const SECRET = "sesame-sesame";
const secrets = {
  env: (name: string) => (name === "T" ? SECRET : undefined),
  file: () => {
    throw new Error("no such file");
  },
};
const read = (text: string) => readConfig(text, "isthmus.yaml", { adapters, secrets });
const SERVER = 'server: { uri: "coap://127.0.0.1:5683" }\n';

const SOUND = `gateway:  { endpoint: isthmus-lab, allow_reboot: false }
server:   { uri: "coap://127.0.0.1:5683", lifetime: 300, min_period: 1, max_period: 1m }
http:     { listen: "0.0.0.0:8080", token: !env T }
adapters:
  radio:  { type: ble, device: hci0 }
  gnss:   { type: serial, path: /dev/ttyUSB0, baud: 9600 }
  broker: { type: mqtt, url: "mqtt://127.0.0.1:1883", topics: ["zigbee2mqtt/+"], password: !env T }
  sim:    { type: simulator, sensors: 6, interval: 2s, value: drift }
adopt:    [ { definition: "ruuvi.*", rssi: -85 } ]
sensors:
  - { source: "radio/CB:B8:33:4C:88:4F", definition: ruuvi.tag.df5, endpoint: ruuvi-1, label: Freezer 2 }
  - { source: sim/sim-1 }
log: { level: info }
`;

/** What a config must be, whatever was done to its file. */
const Whole = z.strictObject({
  gateway: z.strictObject({ endpoint: z.string().optional(), allowReboot: z.boolean() }),
  servers: z
    .array(
      z.strictObject({
        uri: z.string().regex(/^coap:\/\/./),
        lifetime: z.int().min(0),
        version: z.string().optional(),
        defaultMinimumPeriod: z.int().min(0).optional(),
        defaultMaximumPeriod: z.int().min(0).optional(),
        queue: z.boolean().optional(),
        priority: z.int().min(0).optional(),
        shortServerId: z.int().min(1).max(65_534).optional(),
      }),
    )
    .min(1),
  http: z
    .strictObject({ host: z.string().min(1), port: z.int().min(0).max(65_535), token: z.unknown().optional() })
    .refine(({ host, token }) => token !== undefined || /^(127\.|localhost$|::1$)/.test(host))
    .optional(),
  adapters: z.array(z.strictObject({ name: z.string().min(1), type: z.string(), settings: z.unknown() })),
  adopt: z.array(z.looseObject({}).refine((rule) => Object.keys(rule).length > 0)),
  sensors: z.array(z.looseObject({ source: z.string().regex(/^[\w-]+\/./) })),
  lab: z.unknown().optional(),
  objects: z.array(z.string()),
  folder: z.string(),
  devices: z.string().optional(),
  log: z.strictObject({ level: z.enum(["debug", "info", "warn", "error"]) }),
});

const PIECES = ["{", "}", "[", "]", ":", ": ", ",", "\n", "\n  ", "&a ", "*a ", "!env ", "!file ", "? ", "- ", "#", "|"]
  .concat(['"', "'", "\t", "null", "~", "1e9", "-1", "0x", "__proto__: ", "constructor: ", "<<: ", "\u0000", "\uFFFD"])
  .concat(["%YAML 1.1\n", "---\n", "...\n", "!!binary ", "!!set ", "😀", "\r", "type: ", "source: ", "token: "]);

function mutated(random: SeededRandom): string {
  let text = SOUND;
  for (let times = 1 + random.below(4); times > 0; times--) {
    const at = random.below(text.length);
    const length = random.below(random.pick([2, 8, 60]));
    const lines = text.split("\n");
    const kind = random.below(4);
    if (kind === 0) text = text.slice(0, at) + random.pick(PIECES) + text.slice(at + length);
    else if (kind === 1) text = text.slice(0, at) + text.slice(at + length);
    else if (kind === 2) text = lines.toSpliced(random.below(lines.length), 0, random.pick(lines)).join("\n");
    else text = text.slice(0, at) + text.slice(at, at + length) + text.slice(at);
  }
  return text;
}

describe("thousands of broken files", () => {
  it("never make it throw, never yield half a config, never show a secret", () => {
    const random = new SeededRandom(11);
    let [sound, refused, partial] = [0, 0, 0];
    for (let run = 0; run < 5_000; run++) {
      const text = mutated(random);
      const { config, problems } = read(text);
      if (config === undefined) {
        refused += 1;
        if (!problems.some(({ fatal }) => fatal)) throw new Error(`nothing fatal is said of ${text}`);
      } else {
        if (problems.some(({ fatal }) => fatal)) throw new Error(`something fatal is said, and yet: ${text}`);
        const whole = Whole.safeParse(config);
        if (!whole.success) throw new Error(`${whole.error.message}\n${text}`);
        for (const { type, settings } of config.adapters) adapters.get(type)?.parse(settings);
        if (problems.length > 0) partial += 1;
        else sound += 1;
      }
      const said = JSON.stringify([config, problems]) + problems.map(formatProblem).join("\n");
      if (said.includes(SECRET)) throw new Error(`a secret is shown of ${text}`);
    }
    // All three kinds must really have been met.
    expect(Math.min(sound, refused, partial)).toBeGreaterThan(100);
  }, 60_000);
});

describe("too much of everything", () => {
  it.each<[string, string]>([
    ["brackets without end", `${SERVER}adapters: ${"[".repeat(20_000)}`],
    ["brackets that do end", `${SERVER}adapters: ${"[".repeat(5_000)}${"]".repeat(5_000)}`],
    ["sections in sections", `${SERVER}${Array.from({ length: 300 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")}`],
  ])("%s is refused as nested too deep", (_, text) => {
    const { config, problems } = read(text);
    expect(config).toBeUndefined();
    expect(problems.map((each) => each.message)).toContain("nested too deep");
  });

  it("ends in time with tens of thousands of keys in one section", () => {
    const keys = Array.from({ length: 20_000 }, (_, i) => `  k${i}: 1`).join("\n");
    const { config, problems } = read(`${SERVER}adapters:\n${keys}\n`);
    expect(config?.adapters).toEqual([]);
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)).toMatchObject({ line: 103, message: "here and after this, 19900 more problems" });
  });

  it("is fatal although the fatal mistake is not among those that are shown", () => {
    const rules = Array.from({ length: 150 }, () => "  - {}").join("\n");
    const { config, problems } = read(`${SERVER}adopt:\n${rules}\nnonsense: 1\n`);
    expect(config).toBeUndefined();
    expect(problems.at(-1)).toMatchObject({ fatal: true, message: "here and after this, 51 more problems" });
    expect(problems.slice(0, -1).every(({ fatal }) => !fatal)).toBe(true);
  });

  it("takes ten thousand sensors", () => {
    const sensors = Array.from({ length: 10_000 }, (_, i) => `  - { source: sim/${i}, endpoint: e-${i} }`).join("\n");
    const { config, problems } = read(`${SERVER}adapters: { sim: { type: simulator } }\nsensors:\n${sensors}\n`);
    expect(problems).toEqual([]);
    expect(config?.sensors).toHaveLength(10_000);
  });

  it.each([
    ["a text", `a: ${"x".repeat(999_990)}`],
    ["blanks", " ".repeat(1_000_000)],
    ["an open quote", `a: "${"\\n".repeat(400_000)}`],
  ])("reads a megabyte of %s, and says something short of it", (_, text) => {
    const { config, problems } = read(text);
    expect(config).toBeUndefined();
    expect(Math.max(...problems.map((each) => formatProblem(each).length))).toBeLessThan(600);
  });

  it("is what a file above the limit is", () => {
    expect(read(`${" ".repeat(1_000_000)}\n`).problems).toMatchObject([
      { line: 1, column: 1, fatal: true, message: "longer than 1000000 characters" },
    ]);
  });
});

describe("a mistake in one section", () => {
  const section = (name: string, body: string) =>
    SOUND.replace(new RegExp(`^  ${name}:.*$`, "m"), `  ${name}: ${body}`);
  const names = ["radio", "gnss", "broker", "sim"];

  it.each([
    ["{ type: simulator, sensors: -1 }"],
    ["{ type: simulator, sensors: 6, sensors: 7 }"],
    ["{ type: simulater }"],
    ["{ type: mqtt }"],
    ['{ type: mqtt, url: "mqtt://h", topics: [a], password: !env NOPE }'],
    ["*nowhere"],
    ["[]"],
    ["5"],
  ])("(%s) disables that one alone, whichever it is", (body) => {
    for (const name of names) {
      const { config, problems } = read(section(name, body));
      expect(problems.length).toBeGreaterThan(0);
      // A sensor of an adapter that is not there at all may be mentioned besides.
      expect(problems.every(({ fatal, path }) => !fatal && /^(adapters|sensors)\./.test(path))).toBe(true);
      expect(problems.some(({ path }) => path.startsWith(`adapters.${name}`))).toBe(true);
      expect(config?.adapters.map((each) => each.name)).toEqual(names.filter((each) => each !== name));
    }
  });
});

/** As much of JSON Schema as an editor needs for this file. */
function accepts(schema: unknown, value: unknown): boolean {
  const {
    type,
    const: constant,
    enum: values,
    anyOf,
    properties,
    additionalProperties,
    required,
    items,
  } = z
    .looseObject({
      properties: z.record(z.string(), z.unknown()).optional(),
      required: z.array(z.string()).optional(),
      anyOf: z.array(z.unknown()).optional(),
      enum: z.array(z.unknown()).optional(),
    })
    .parse(schema);
  if (anyOf && !anyOf.some((branch) => accepts(branch, value))) return false;
  if (constant !== undefined && constant !== value) return false;
  if (values && !values.includes(value)) return false;
  if (Array.isArray(value)) return (type ?? "array") === "array" && value.every((item) => accepts(items ?? {}, item));
  if (typeof value !== "object" || value === null)
    return type === undefined || type === typeof value || (type === "integer" && Number.isInteger(value));
  if ((type ?? "object") !== "object") return false;
  const has = new Map(Object.entries(value));
  if (required?.some((key) => !has.has(key))) return false;
  return [...has].every(([key, item]) => {
    const own = properties?.[key];
    if (own !== undefined) return accepts(own, item);
    return typeof additionalProperties === "object"
      ? accepts(additionalProperties, item)
      : additionalProperties !== false;
  });
}

describe("the schema for editors", () => {
  const schema = configSchema(adapters);
  const plain = {
    gateway: { endpoint: "isthmus-lab" },
    server: { uri: "coap://127.0.0.1:5683", lifetime: "5m" },
    http: { listen: "127.0.0.1:8080", token: "plain-plain" },
    adapters: {
      radio: { type: "ble", device: "hci0" },
      sim: { type: "simulator", sensors: 6, interval: "2s", value: "drift" },
      broker: { type: "mqtt", url: "mqtt://h", topics: ["a"] },
    },
    adopt: [{ definition: "ruuvi.*", rssi: -85 }],
    sensors: [{ source: "radio/x", label: "Freezer 2" }],
  };

  it("accepts what the reader accepts", () => {
    expect(accepts(schema, plain)).toBe(true);
    expect(accepts(schema, { servers: [{ uri: "coap://a" }], lab: { port: 5683 }, log: { level: "warn" } })).toBe(true);
    expect(accepts(schema, {})).toBe(true);
  });

  it.each<[string, object]>([
    ["an unknown key", { ...plain, gatway: {} }],
    ["an unknown key of an adapter", { ...plain, adapters: { a: { type: "ble", devise: "hci0" } } }],
    ["an adapter of no known type", { ...plain, adapters: { a: { type: "blue" } } }],
    ["a sensor without a source", { ...plain, sensors: [{ label: "x" }] }],
    ["a level that does not exist", { ...plain, log: { level: "loud" } }],
    ["a server without an address", { ...plain, server: { lifetime: 5 } }],
  ])("refuses %s, as the reader does", (_, wrong) => {
    expect(accepts(schema, wrong)).toBe(false);
    expect(read(JSON.stringify(wrong)).problems.length).toBeGreaterThan(0);
  });
});
