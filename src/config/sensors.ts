/** `sensors` in the file: those known by address, with what their owner knows better than the definition. */

import { z } from "zod";
import { parseDuration } from "../base/duration.ts";
import { nearest } from "../base/nearest.ts";
import { Secret } from "../base/secret.ts";
import { EndpointName, Label, SourceName } from "./schema.ts";
import { OwnSecuritySection } from "./security/section.ts";
import type { OwnSecurity } from "./security/security.ts";
import type { ValuePath } from "./source.ts";

/** What must be known of a definition to judge what is said of a sensor of it. */
export interface DefinitionFacts {
  readonly fields: readonly string[];
  /** Also names of many, such as `temperature_2`. */
  readonly hasField: (name: string) => boolean;
  /** How many hexadecimal digits a key may have; none where there are no keys. */
  readonly keyDigits: readonly number[];
}

export interface SensorConfig {
  /** `adapter/address`. */
  readonly source: string;
  readonly definition?: string;
  readonly endpoint?: string;
  readonly label?: string;
  /** What it has instead of what is said to all. */
  readonly security?: OwnSecurity;
  /** What its frames are sealed with, in hexadecimal digits. */
  readonly key?: Secret;
  /** value = value * scale + offset, by field. */
  readonly corrections?: ReadonlyMap<string, { readonly scale?: number; readonly offset?: number }>;
  /** By field; durations as they were written. */
  readonly report?: Readonly<Record<string, ReportFigures>>;
  /** Milliseconds. */
  readonly alive?: { readonly expectMs?: number; readonly staleMs?: number; readonly goneMs?: number };
}

interface ReportFigures {
  readonly min?: string;
  readonly max?: string;
  readonly delta?: number;
}

/** A mistake in one sensor; the path begins there. */
export interface SensorMistake {
  readonly path: ValuePath;
  readonly message: string;
  readonly hint?: string;
  readonly atKey?: boolean;
}

const KEY_DIGITS = /^(?:[0-9a-f]{2}){8,32}$/;
/** A text that can hardly be a key, but the name of a file with one. */
const FILE_NAME = /^[\w.~@-]*[./][\w.~@/-]*$/;

const Key = z
  .union([z.string(), z.instanceof(Secret)], { error: "expected !file PATH, !credential NAME, !env NAME or text" })
  .transform((given, context) => {
    const text = typeof given === "string" ? given : given.reveal();
    // As tools print them: with colons or blanks between.
    const digits = text.replaceAll(/[\s:-]/g, "").toLowerCase();
    if (KEY_DIGITS.test(digits)) return new Secret(digits, typeof given === "string" ? "sensors.key" : given.name);
    const meant = typeof given === "string" && FILE_NAME.test(text);
    const hint = meant ? "; if a file is meant, write !file before its name" : "";
    context.addIssue({ code: "custom", message: `expected hexadecimal digits, two for each byte of the key${hint}` });
    return z.NEVER;
  });

const Duration = z.string().refine((text) => parseDuration(text) !== undefined, {
  error: "expected a duration, such as 10s, 5m or 1h",
});

const notEmpty = (section: object) => Object.keys(section).length > 0;
const said = ({ issues }: { issues: readonly unknown[] }) => issues.length === 0;

const Correction = z
  .strictObject({
    scale: z
      .number()
      .refine((scale) => scale !== 0, { error: "0 would make all values the same" })
      .exactOptional(),
    offset: z.number().exactOptional(),
  })
  .refine(notEmpty, { error: "expected scale, offset or both", when: said });

const Report = z
  .strictObject({
    min: Duration.exactOptional(),
    max: Duration.exactOptional(),
    delta: z.number().positive({ error: "expected a change greater than 0" }).exactOptional(),
  })
  .refine(notEmpty, { error: "expected min, max or delta", when: said });

const Alive = z
  .strictObject({ expect: Duration.exactOptional(), stale: Duration.exactOptional(), gone: Duration.exactOptional() })
  .refine(notEmpty, { error: "expected expect, stale or gone", when: said });

export const SensorSection = z.strictObject({
  source: SourceName,
  definition: z.string().min(1).exactOptional(),
  endpoint: EndpointName.exactOptional(),
  label: Label.exactOptional(),
  key: Key.exactOptional(),
  calibrate: z.record(z.string(), Correction).exactOptional(),
  report: z.record(z.string(), Report).exactOptional(),
  alive: Alive.exactOptional(),
  security: OwnSecuritySection.exactOptional(),
});
export type SensorSection = z.output<typeof SensorSection>;

export function sensorConfig({ calibrate, alive, ...same }: SensorSection): SensorConfig {
  const { expect, stale, gone } = alive ?? {};
  return {
    ...same,
    ...(calibrate && { corrections: new Map(Object.entries(calibrate)) }),
    ...(alive && {
      alive: {
        ...(expect !== undefined && { expectMs: milliseconds(expect) }),
        ...(stale !== undefined && { staleMs: milliseconds(stale) }),
        ...(gone !== undefined && { goneMs: milliseconds(gone) }),
      },
    }),
  };
}

/** What is right by itself, and wrong beside the rest or for its definition. @param facts absent: not known yet. */
export function sensorMistakes(sensor: SensorSection, facts: DefinitionFacts | undefined): SensorMistake[] {
  const { calibrate = {}, report = {}, alive = {} } = sensor;
  const found: SensorMistake[] = [];
  const { expect = "0s", stale, gone } = alive;
  if (stale !== undefined && milliseconds(expect) > milliseconds(stale))
    found.push({ path: ["alive", "stale"], message: "stale before the next message is expected" });
  if (stale !== undefined && gone !== undefined && milliseconds(stale) > milliseconds(gone))
    found.push({ path: ["alive", "gone"], message: "gone before stale" });
  for (const [name, { min = "0s", max }] of Object.entries(report))
    if (max !== undefined && milliseconds(max) < milliseconds(min))
      found.push({ path: ["report", name, "max"], message: "is shorter than min" });
  if (!facts) return found;
  for (const name of Object.keys(calibrate)) if (!facts.hasField(name)) found.push(noField("calibrate", name, facts));
  for (const name of Object.keys(report))
    if (name !== "default" && !facts.hasField(name)) found.push(noField("report", name, facts));
  return [...found, ...ofKey(sensor, facts)];
}

function noField(section: string, name: string, { fields }: DefinitionFacts): SensorMistake {
  const meant = nearest(name, fields);
  const hint = meant === undefined ? `its fields: ${fields.slice(0, 12).join(", ")}` : `did you mean \`${meant}\`?`;
  return { path: [section, name], message: `the definition has no field ${name}`, hint, atKey: true };
}

function ofKey({ key }: SensorSection, { keyDigits }: DefinitionFacts): SensorMistake[] {
  const length = key?.reveal().length;
  if (length === undefined || keyDigits.includes(length)) return [];
  const message =
    keyDigits.length === 0
      ? "devices of this definition have no key"
      : `expected ${keyDigits.join(" or ")} hexadecimal digits, found ${length}`;
  return [{ path: ["key"], message, atKey: keyDigits.length === 0 }];
}

const milliseconds = (text: string) => parseDuration(text) ?? 0;
