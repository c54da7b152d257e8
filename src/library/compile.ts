/** A definition becomes a Device: all its parts compiled, all its mistakes found. */

import { parseDuration } from "../base/duration.ts";
import type { ObjectRegistry } from "../model/objects.ts";
import type { Frame } from "../sdk/adapter.ts";
import type { Session } from "./codecs/codec.ts";
import { compileCommands } from "./mapping/command.ts";
import { compileDecoder, type Decoder } from "./decode.ts";
import type { Definition } from "./definition/definition.ts";
import type { Device, Identity, Mapping, MappingOptions, ReportSpecs, Told } from "./device.ts";
import type { JsonReader } from "./framing/json.ts";
import { planReads } from "./framing/reads.ts";
import { compileIdentity, type Identify } from "./identity.ts";
import { constantsOf, type Plans, SensorMapping } from "./mapping/mapping.ts";
import { compileMatcher, type Matcher } from "./matching/match.ts";
import { compileTold } from "./matching/told.ts";
import { compileObjects } from "./mapping/objects.ts";
import type { ObjectPlan } from "./mapping/plan.ts";
import { compileReport, withChanges } from "./mapping/report.ts";
import type { Reading } from "./reading.ts";
import { checkSense } from "./senseless.ts";
import type { Complain, Head, Sound } from "./source.ts";

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
export function compileDevice(definition: Definition, context: CompileContext): CompiledDevice | undefined {
  const device = new CompiledDevice({ head: definition, whole: () => definition }, context);
  return device.isWhole() ? device : undefined;
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

/** What its sensors have upstream. */
interface Shape {
  readonly objects: ObjectPlan;
  readonly plans: Plans;
  readonly report: Device["report"];
  readonly instances: Device["instances"];
  readonly writable: Device["writable"];
  readonly executable: Device["executable"];
}

/**
 * A gateway knows hundreds of models and hears a few of them: what recognises frames is made at once, all else when it
 * is first asked for, and shared by all sensors of the model.
 */
export class CompiledDevice implements Device {
  /** Of two that fit alike, the one that was loaded first is meant. */
  readonly order: number;
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  readonly insteadOf: Device["insteadOf"];
  readonly head: Head;
  readonly matcher: Matcher;
  readonly #context: CompileContext;
  /** Whether one message of it may be of several sensors. */
  readonly #each: boolean;
  readonly #sound: Sound;
  #definition: Definition | undefined;
  #alive: Device["alive"] | undefined;
  #reads: Device["reads"] | undefined;
  #happens: boolean | undefined;
  #told: Told | undefined;
  #decoder: Decoder | undefined;
  #identify: Identify | undefined;
  #shape: Shape | undefined;

  constructor(sound: Sound, context: CompileContext) {
    const { head } = sound;
    this.order = context.order;
    this.id = head.id;
    this.vendor = head.vendor;
    this.model = head.model;
    this.insteadOf = head.instead_of ?? [];
    this.head = head;
    this.matcher = compileMatcher(head, context.json, context.complain);
    this.#sound = sound;
    this.#context = context;
    this.#each = head.frame.each !== undefined;
  }

  get definition(): Definition {
    return (this.#definition ??= this.#sound.whole());
  }

  /** Compiles what is left, so that all mistakes are told; false after one that leaves nothing to use. */
  isWhole(): boolean {
    const { definition } = this;
    const { json, complain } = this.#context;
    this.#decoder = compileDecoder(definition, json, complain);
    checkAlive(definition, complain);
    if (!this.#decoder) return false;
    this.#told = this.#compileTold();
    this.#shape = this.#compileShape();
    checkSense(definition, complain);
    return true;
  }

  get alive(): Device["alive"] {
    return (this.#alive ??= durations(this.definition.alive));
  }

  get told(): Told | undefined {
    return this.definition.alive.told && (this.#told ??= this.#compileTold());
  }

  get instances(): Device["instances"] {
    return this.#shown.instances;
  }

  get grows(): boolean {
    const { appearing, many } = this.#shown.objects;
    return appearing.size > 0 || many.length > 0;
  }

  get main(): Device["main"] {
    return this.#shown.objects.main;
  }

  get writable(): Device["writable"] {
    return this.#shown.writable;
  }

  get executable(): Device["executable"] {
    return this.#shown.executable;
  }

  get fields(): Device["fields"] {
    return this.#read.fields;
  }

  get report(): Device["report"] {
    return this.#shown.report;
  }

  /** Whether some of its messages say what others are: only codecs of messages learn. */
  get learns(): boolean {
    return this.matcher.topics.length > 0 && this.head.frame.codec !== undefined && this.#read.owns !== undefined;
  }

  get pulses(): boolean {
    return this.#shown.objects.pulses;
  }

  get happens(): boolean {
    return (this.#happens ??= [...this.fields.values()].some(({ event }) => event));
  }

  get divides(): boolean {
    return this.#read.parts !== undefined;
  }

  get key(): Device["key"] {
    return this.#read.key;
  }

  get reads(): Device["reads"] {
    return (this.#reads ??= planReads(this.definition));
  }

  match(frame: Frame): number {
    if (this.#each && this.isPart(frame)) return PART;
    const score = this.matcher.score(frame);
    return score === 0 && this.owns(frame) ? LEARNED : score;
  }

  fits(frame: Frame): boolean {
    return this.match(frame) > 0 || (this.matcher.scoreRemembered?.(frame) ?? 0) > 0;
  }

  identify(frame: Frame): Identity | undefined {
    return (this.#identify ??= this.#compileIdentity())(frame);
  }

  /** One of the messages that `parts` has made of one: what it asks of a whole message need not be in it. */
  isPart({ source, payload }: Frame): boolean {
    if (!this.#each || payload.kind !== "message") return false;
    return source.startsWith(`${payload.topic}#`) && this.matcher.topics.some(({ matches }) => matches(payload.topic));
  }

  /** Whether it has learned that messages under this topic are its own. */
  owns({ payload }: Frame): boolean {
    return payload.kind === "message" && this.learns && this.#read.owns?.(payload.topic) === true;
  }

  parts(frame: Frame): readonly Frame[] {
    return this.#read.parts?.(frame) ?? [frame];
  }

  createSession(key?: Uint8Array): Session | undefined {
    return this.#read.createSession?.(key);
  }

  decode(frame: Frame, session?: Session): Reading | undefined {
    return this.#read.decode(frame, session);
  }

  reportWith(changes: ReportSpecs): Device["report"] {
    // What a configuration says has been checked where it was read.
    return this.#compileReport(withChanges(this.definition.report, changes), this.#shown.objects, () => undefined);
  }

  createMapping(options?: MappingOptions): Mapping {
    return new SensorMapping(this.#shown.plans, options);
  }

  get #read(): Decoder {
    return (this.#decoder ??= this.#compileDecoder());
  }

  get #shown(): Shape {
    return (this.#shape ??= this.#compileShape());
  }

  #compileDecoder(): Decoder {
    const decoder = compileDecoder(this.definition, this.#context.json, this.#context.complain);
    if (!decoder) throw new Error(`${this.id} cannot be decoded, and was said to be sound`);
    return decoder;
  }

  #compileTold(): Told | undefined {
    const { definition, matcher } = this;
    const { topics } = matcher;
    const { complain } = this.#context;
    const { told } = definition.alive;
    // Only what speaks of fields needs to know them.
    const fields = { has: (name: string) => this.fields.has(name) };
    return told && compileTold(told, { topics, fields, complain });
  }

  #compileIdentity(): Identify {
    const { complain } = this.#context;
    return compileIdentity(this.definition, { decoder: this.#read, topics: this.matcher.topics, complain });
  }

  #compileShape(): Shape {
    const { definition } = this;
    const { models, complain } = this.#context;
    const { fields, set } = this.#read;
    const commands = new Set(Object.keys(definition.commands ?? {}));
    const objects = compileObjects(definition, { models, fields, commands, complain });
    const plans = {
      plan: objects,
      commands: compileCommands(definition, { models, topics: this.matcher.topics, fields, set, complain }),
      constants: constantsOf(objects),
    };
    // Mistakes are told from above to below: the identity of a definition stands above its report.
    this.#identify ??= this.#compileIdentity();
    const sure = objects.instances.filter((instance) => instance.sure);
    return {
      ...{ objects, plans },
      report: this.#compileReport(definition.report, objects, complain),
      instances: sure.map(({ path }) => path),
      writable: sure.flatMap((instance) => instance.writable),
      executable: sure.flatMap((instance) => instance.executable),
    };
  }

  #compileReport(report: ReportSpecs | undefined, objects: ObjectPlan, complain: Complain): Device["report"] {
    const { models } = this.#context;
    return compileReport({ report }, objects, { models, fields: this.fields, complain });
  }
}
