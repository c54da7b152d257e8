/** A definition becomes a Device: all its parts compiled, all its mistakes found. */

import { parseDuration } from "../base/duration.ts";
import type { ObjectRegistry } from "../model/objects.ts";
import type { Frame } from "../sdk/adapter.ts";
import type { Session } from "./codecs/codec.ts";
import { compileCommands, type CommandPlans } from "./mapping/command.ts";
import { compileDecoder, type Decoder } from "./decode.ts";
import type { Definition } from "./definition/definition.ts";
import type { Device, Identity, Mapping, MappingOptions, ReportSpecs } from "./device.ts";
import type { JsonReader } from "./framing/json.ts";
import { planReads } from "./framing/reads.ts";
import { compileIdentity, type Identify } from "./identity.ts";
import { constantsOf, type Plans, SensorMapping } from "./mapping/mapping.ts";
import { compileMatcher, type Matcher } from "./matching/match.ts";
import { compileObjects } from "./mapping/objects.ts";
import type { ObjectPlan } from "./mapping/plan.ts";
import { compileReport, withChanges } from "./mapping/report.ts";
import type { Reading } from "./reading.ts";
import type { Complain } from "./source.ts";

/** How sure a definition is of what a device has said itself: less than one that knows more of a topic than one word. */
const LEARNED = 11.5;
/** What was made of a message that was its own is its own. */
const PART = 100;

export interface CompileContext {
  readonly models: ObjectRegistry;
  readonly json: JsonReader;
  readonly complain: Complain;
  /** Its place among all definitions that were loaded. */
  readonly order: number;
}

/** Undefined, or a device that must not be used, after a complaint. */
export function compileDevice(definition: Definition, { models, json, complain, order }: CompileContext) {
  const matcher = compileMatcher(definition, json, complain);
  const decoder = compileDecoder(definition, json, complain);
  checkAlive(definition, complain);
  if (!decoder) return undefined;
  const { topics } = matcher;
  const commands = new Set(Object.keys(definition.commands ?? {}));
  const objects = compileObjects(definition, { models, fields: decoder.fields, commands, complain });
  const plans = compileCommands(definition, { models, topics, fields: decoder.fields, complain });
  const identify = compileIdentity(definition, { decoder, topics, complain });
  const reportOf = (specs: ReportSpecs | undefined, complainOf: Complain) =>
    compileReport({ report: specs }, objects, { models, fields: decoder.fields, complain: complainOf });
  const report = reportOf(definition.report, complain);
  // What a configuration says has been checked where it was read.
  const reportWith: Device["reportWith"] = (changes) =>
    reportOf(withChanges(definition.report, changes), () => undefined);
  return new CompiledDevice(definition, { order, matcher, decoder, objects, plans, identify, report, reportWith });
}

function checkAlive({ alive }: Definition, complain: Complain): void {
  const { expectMs, staleMs, goneMs } = durations(alive);
  if (expectMs > staleMs) complain(["alive", "stale"], "stale before the next message is expected");
  if (staleMs > goneMs) complain(["alive", "gone"], "gone before stale");
}

function durations({ expect, stale, gone }: Definition["alive"]): Device["alive"] {
  return {
    expectMs: parseDuration(expect) ?? 0,
    staleMs: parseDuration(stale) ?? 0,
    goneMs: parseDuration(gone) ?? 0,
  };
}

interface Parts {
  readonly order: number;
  readonly matcher: Matcher;
  readonly decoder: Decoder;
  readonly objects: ObjectPlan;
  readonly plans: CommandPlans;
  readonly identify: Identify;
  readonly report: Device["report"];
  readonly reportWith: Device["reportWith"];
}

export class CompiledDevice implements Device {
  /** Of two that fit alike, the one that was loaded first is meant. */
  readonly order: number;
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  readonly alive: Device["alive"];
  readonly instances: Device["instances"];
  readonly grows: boolean;
  readonly main: Device["main"];
  readonly writable: Device["writable"];
  readonly executable: Device["executable"];
  readonly fields: Device["fields"];
  readonly report: Device["report"];
  /** Whether some of its messages say what others are. */
  readonly learns: boolean;
  readonly pulses: boolean;
  readonly happens: boolean;
  readonly divides: boolean;
  readonly key: Device["key"];
  readonly reads: Device["reads"];
  readonly insteadOf: Device["insteadOf"];
  readonly definition: Definition;
  readonly matcher: Matcher;
  readonly #parts: Parts;
  readonly #plans: Plans;

  constructor(definition: Definition, parts: Parts) {
    const sure = parts.objects.instances.filter((instance) => instance.sure);
    this.order = parts.order;
    this.definition = definition;
    this.id = definition.id;
    this.vendor = definition.vendor;
    this.model = definition.model;
    this.alive = durations(definition.alive);
    this.instances = sure.map(({ path }) => path);
    this.grows = parts.objects.appearing.size > 0 || parts.objects.many.length > 0;
    this.main = parts.objects.main;
    this.writable = sure.flatMap((instance) => instance.writable);
    this.executable = sure.flatMap((instance) => instance.executable);
    this.fields = parts.decoder.fields;
    this.report = parts.report;
    this.learns = parts.decoder.owns !== undefined;
    this.pulses = parts.objects.pulses;
    this.happens = [...this.fields.values()].some(({ event }) => event);
    this.divides = parts.decoder.parts !== undefined;
    this.key = parts.decoder.key;
    this.reads = planReads(definition);
    this.insteadOf = definition.instead_of ?? [];
    this.matcher = parts.matcher;
    this.#parts = parts;
    this.#plans = { plan: parts.objects, commands: parts.plans, constants: constantsOf(parts.objects) };
  }

  match(frame: Frame): number {
    if (this.isPart(frame)) return PART;
    const score = this.matcher.score(frame);
    return score === 0 && this.owns(frame) ? LEARNED : score;
  }

  identify(frame: Frame): Identity | undefined {
    return this.#parts.identify(frame);
  }

  /** One of the messages that `parts` has made of one: what it asks of a whole message need not be in it. */
  isPart({ source, payload }: Frame): boolean {
    if (this.definition.frame.each === undefined || payload.kind !== "message") return false;
    return source.startsWith(`${payload.topic}#`) && this.matcher.topics.some(({ matches }) => matches(payload.topic));
  }

  /** Whether it has learned that messages under this topic are its own. */
  owns({ payload }: Frame): boolean {
    return payload.kind === "message" && this.#parts.decoder.owns?.(payload.topic) === true;
  }

  parts(frame: Frame): readonly Frame[] {
    return this.#parts.decoder.parts?.(frame) ?? [frame];
  }

  createSession(key?: Uint8Array): Session | undefined {
    return this.#parts.decoder.createSession?.(key);
  }

  decode(frame: Frame, session?: Session): Reading | undefined {
    return this.#parts.decoder.decode(frame, session);
  }

  reportWith(changes: ReportSpecs): Device["report"] {
    return this.#parts.reportWith(changes);
  }

  createMapping(options?: MappingOptions): Mapping {
    return new SensorMapping(this.#plans, options);
  }
}
