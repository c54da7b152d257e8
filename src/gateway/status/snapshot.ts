/** One endpoint as the page, the CLI and the API see it: plain data, made when asked for. */

import { toHex } from "../../base/bytes.ts";
import type { Scalar } from "../../base/outcome.ts";
import type { Entry, ObjectTree } from "../../lwm2m/index.ts";
import type { ObjectRegistry } from "../../model/objects.ts";
import { contains, ids, type Path, path, ROOT } from "../../model/path.ts";
import type { ResourceValue } from "../../model/value.ts";
import type { Sensor } from "../sensor.ts";
import { SELF_MAIN } from "../self.ts";
import { iso, registrationStatus } from "./registration.ts";
import type { SensorStatus, ValueStatus } from "./status.ts";
import type { Upstream } from "../upstream.ts";

/** Resources that IPSO Objects share (IPSO reusable Resources). */
const SENSOR_VALUE = 5700;
const SENSOR_UNITS = 5701;
const QUALITY = 6042;
const GATEWAY = path(25);
const MAKER = path(3, 0, 0);
const MODEL = path(3, 0, 1);

/** @param now by the clock that never jumps. */
export function sensorStatus(sensor: Sensor, models: ObjectRegistry, now: number): SensorStatus {
  const { entry, device, tree, upstream, heardAt, rssi, keyStatus } = sensor;
  const speaks = sensor.speaks(now);
  return {
    endpoint: entry.endpoint,
    label: entry.label,
    source: entry.source,
    definition: device.id,
    maker: textAt(tree, MAKER) ?? device.vendor,
    model: textAt(tree, MODEL) ?? device.model,
    liveness: sensor.liveness,
    ...(sensor.offline && { offline: true }),
    ...(heardAt && { lastHeardAt: iso(heardAt.ms) }),
    ...(rssi !== undefined && { rssi }),
    ...(keyStatus && { key: keyStatus }),
    ...(speaks !== undefined && { speaks }),
    registration: registrationStatus(upstream),
    values: valuesOf(tree, models),
    main: device.grows ? device.main.filter((each) => tree.covers(each)) : device.main,
    writable: tree.writables(),
    executable: tree.executables(),
  };
}

/** The gateway's own endpoint, in the same shape. */
export function selfStatus(upstream: Upstream, label: string, models: ObjectRegistry): SensorStatus {
  const { tree, endpoint } = upstream;
  const maker = textAt(tree, MAKER);
  const model = textAt(tree, MODEL);
  return {
    endpoint,
    label,
    definition: "isthmus.gateway",
    ...(maker !== undefined && { maker }),
    ...(model !== undefined && { model }),
    liveness: "live",
    registration: registrationStatus(upstream),
    // Its sensors have snapshots of their own.
    values: valuesOf(tree, models, GATEWAY),
    main: SELF_MAIN,
    writable: [],
    executable: tree.executables(),
  };
}

function valuesOf(tree: ObjectTree, models: ObjectRegistry, except?: Path): Record<string, ValueStatus> {
  const values: Record<string, ValueStatus> = {};
  for (const [at, entry] of tree.entries(ROOT))
    if (except === undefined || !contains(except, at)) values[at] = valueStatus(at, entry, tree, models);
  return values;
}

function valueStatus(at: Path, { value, at: stamp }: Entry, tree: ObjectTree, models: ObjectRegistry): ValueStatus {
  const [object = 0, instance = 0, resource = 0] = ids(at);
  const model = models.resource(at);
  const isMain = resource === SENSOR_VALUE;
  const name = isMain ? (models.object(object)?.name ?? model?.name) : model?.name;
  const unit = isMain ? (textAt(tree, path(object, instance, SENSOR_UNITS)) ?? model?.unit) : model?.unit;
  const quality = isMain ? tree.get(path(object, instance, QUALITY))?.value : undefined;
  return {
    value: plain(value),
    name: name ?? `Resource ${resource}`,
    ...(unit !== undefined && unit !== "" && { unit }),
    time: iso(stamp.ms),
    ...(typeof quality === "number" && { quality }),
  };
}

/** Values as JSON can carry them without loss. */
export function plain(value: ResourceValue): Scalar {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return toHex(value);
  return typeof value === "object" ? `${value.object}:${value.instance}` : value;
}

function textAt(tree: ObjectTree, at: Path): string | undefined {
  const value = tree.get(at)?.value;
  return typeof value === "string" ? value : undefined;
}
