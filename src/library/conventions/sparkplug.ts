/**
 * Sparkplug B (Eclipse Sparkplug 3.0): a birth names all metrics of a node or device and gives them aliases, data speaks
 * of aliases only, a death ends it all. Topics: `spBv1.0/group/type/node[/device]`.
 */

import type { Frame } from "../../sdk/adapter.ts";
import type { Convention, FieldInfo } from "../codecs/codec.ts";
import { Memory } from "./memory.ts";
import { isName, ONLINE, partOf, readPart } from "./parts.ts";
import type { Told } from "./quantities.ts";
import { type Metric, readPayload } from "./sparkplug-payload.ts";

const FORMAT = "sparkplug";
const NAMESPACE = "spBv1.0";
/** Metrics of one node with all its devices. */
const MAX_METRICS = 512;
/** Nodes: each may have many metrics. */
const MAX_NODES = 500;
const SEQUENCE = 256;
/** The count of births, which a death repeats (§6.4.21). */
const BIRTH_COUNT = "bdSeq";
/** What a node says of itself is no measurement (§6.4.22). */
const CONTROL = /^(?:Node Control|Device Control)\//;

interface Known {
  readonly name: string;
  readonly type: number;
  /** Undefined: of the node itself. */
  readonly device: string | undefined;
}

interface EdgeNode {
  /** By alias, which is unique within the node, or by name. */
  readonly metrics: Map<string, Known>;
  seq: number | undefined;
  births: Told | undefined;
}

/** What went wrong with all nodes together. */
export interface SparkplugFaults {
  /** Data of metrics that no birth has named: somebody has to ask for a new birth. */
  unborn: number;
  /** Messages that were lost on the way, by their numbers. */
  gaps: number;
}

interface Address {
  readonly type: string;
  readonly node: string;
  readonly device: string | undefined;
}

const FIELDS: ReadonlyMap<string, FieldInfo> = new Map([
  ["any_number", { unit: undefined, many: true }],
  ["any_boolean", { unit: undefined, many: true }],
  [ONLINE, { unit: undefined, many: false }],
]);

export function sparkplug(): Convention & { readonly faults: SparkplugFaults } {
  const nodes = new Memory<EdgeNode>(MAX_NODES);
  const faults: SparkplugFaults = { unborn: 0, gaps: 0 };
  return {
    fields: FIELDS,
    faults,
    fresh: sparkplug,
    owns: () => false,
    decode: readPart,
    parts(frame) {
      const { payload } = frame;
      if (payload.kind !== "message") return [frame];
      const address = addressOf(payload.topic);
      if (!address) return [];
      return heard(frame, payload.body, address, { nodes, faults });
    },
  };
}

interface State {
  readonly nodes: Memory<EdgeNode>;
  readonly faults: SparkplugFaults;
}

function addressOf(topic: string): Address | undefined {
  const [namespace, group = "", type = "", node = "", device, more] = topic.split("/");
  if (namespace !== NAMESPACE || more !== undefined || !isName(group) || !isName(node)) return undefined;
  if ((device !== undefined) !== type.startsWith("D") || (device !== undefined && !isName(device))) return undefined;
  return { type: type.slice(1), node: `${group}/${node}`, device };
}

function heard(frame: Frame, body: Uint8Array, address: Address, { nodes, faults }: State): readonly Frame[] {
  const { type, device } = address;
  if (type !== "BIRTH" && type !== "DATA" && type !== "DEATH") return [];
  const { metrics, seq } = readPayload(body);
  const node = nodes.meet(address.node, () => ({ metrics: new Map(), seq: undefined, births: undefined }));
  if (type === "DEATH") return death(frame, address, node, metrics);
  if (!follows(node, seq, type === "BIRTH" && device === undefined)) faults.gaps += 1;
  const told = new Map<string, Told>();
  if (type === "BIRTH") born(node, device, metrics);
  for (const metric of metrics) {
    const known = knownAs(node, device, metric);
    if (!known) {
      if (!isControl(metric.name)) faults.unborn += 1;
      continue;
    }
    if (metric.historical || metric.value === undefined) continue;
    told.set(known.name, metric.value === null ? null : (metric.value(metric.type || known.type) ?? null));
  }
  return told.size === 0 ? [] : [partOf(frame, FORMAT, sourceOf(address.node, device), told)];
}

const sourceOf = (node: string, device: string | undefined) =>
  `sparkplug/${node}${device === undefined ? "" : `/${device}`}`;
const isControl = (name: string | undefined) => name === BIRTH_COUNT || (name !== undefined && CONTROL.test(name));

/** Whether nothing is missing since the message before; a birth of the node begins anew. */
function follows(node: EdgeNode, seq: number | undefined, anew: boolean): boolean {
  const before = node.seq;
  if (seq !== undefined) node.seq = seq;
  return anew || before === undefined || seq === undefined || seq === (before + 1) % SEQUENCE;
}

/** Aliases of an earlier birth mean nothing any more; a node that is born again has no devices yet. */
function born(node: EdgeNode, device: string | undefined, metrics: readonly Metric[]): void {
  for (const [key, known] of node.metrics)
    if (device === undefined || known.device === device) node.metrics.delete(key);
  for (const { name, alias, type, value } of metrics) {
    if (name === BIRTH_COUNT && value) node.births = value(type) ?? null;
    if (name === undefined || name === ONLINE || isControl(name) || node.metrics.size >= MAX_METRICS) continue;
    node.metrics.set(alias ?? keyOf(device, name), { name, type, device });
  }
}

/** Names are unique within a device; no alias has a slash. */
const keyOf = (device: string | undefined, name: string) => `${device ?? ""}/${name}`;

function knownAs(node: EdgeNode, device: string | undefined, { name, alias }: Metric): Known | undefined {
  const known = node.metrics.get(alias ?? keyOf(device, name ?? "")) ?? undefined;
  return known?.device === device ? known : undefined;
}

/** Nothing that it said holds any more. A death that was left over from before the birth is none. */
function death(frame: Frame, { node: name, device }: Address, node: EdgeNode, metrics: readonly Metric[]): Frame[] {
  const count = metrics.find((metric) => metric.name === BIRTH_COUNT);
  const births = count?.value?.(count.type);
  if (device === undefined && births !== undefined && node.births !== undefined && births !== node.births) return [];
  const lost = new Map([[device, new Map<string, Told>()]]);
  for (const [key, known] of node.metrics) {
    if (device !== undefined && known.device !== device) continue;
    const told = lost.get(known.device) ?? new Map<string, Told>();
    lost.set(known.device, told.set(known.name, null));
    node.metrics.delete(key);
  }
  return [...lost].map(([each, told]) => partOf(frame, FORMAT, sourceOf(name, each), told.set(ONLINE, false)));
}
