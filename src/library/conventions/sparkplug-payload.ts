/** The payload of Sparkplug B (Sparkplug 3.0 §6.4): metrics with a name or an alias, a type and a value. */

import { DecodeError } from "../../base/bytes.ts";
import type { Scalar } from "../../base/outcome.ts";
import { readFields, utf8, type WireField } from "./protobuf.ts";

export interface Metric {
  /** In births, and in data of those who use no aliases. */
  readonly name: string | undefined;
  readonly alias: string | undefined;
  /** 0 if it is not told: then the birth told it. */
  readonly type: number;
  /** Of another time than now (§6.4.6 is_historical). */
  readonly historical: boolean;
  /** What the value is, once the type is known; null if it is said to be none. */
  readonly value: ((type: number) => Scalar | undefined) | null | undefined;
}

export interface SparkplugPayload {
  readonly metrics: readonly Metric[];
  /** 0 to 255; undefined in messages that have none. */
  readonly seq: number | undefined;
}

/** Metrics in one message. */
const MAX_METRICS = 1_024;
const MAX_FIELDS = 64;
const MAX_NAME = 64;
/** Longer texts are documents, not values. */
const MAX_TEXT = 256;

/** Data types (§6.4.16) whose integers have a sign, by their bits. */
const SIGNED: Readonly<Record<number, number>> = { 1: 8, 2: 16, 3: 32, 4: 64 };
const UNSIGNED: Readonly<Record<number, number>> = { 5: 8, 6: 16, 7: 32, 8: 64, 13: 64 };
const BOOLEAN = 11;

/** @throws DecodeError if it is no such payload. */
export function readPayload(body: Uint8Array): SparkplugPayload {
  const metrics: Metric[] = [];
  let seq: number | undefined;
  for (const field of readFields(body, MAX_METRICS + MAX_FIELDS)) {
    if (field.number === 2) metrics.push(readMetric(field.bytes));
    else if (field.number === 3) seq = Number(BigInt.asUintN(8, field.integer));
  }
  return { metrics, seq };
}

function readMetric(bytes: Uint8Array): Metric {
  let name: string | undefined;
  let alias: string | undefined;
  let type = 0;
  let historical = false;
  let isNull = false;
  let value: Metric["value"];
  for (const field of readFields(bytes, MAX_FIELDS)) {
    switch (field.number) {
      case 1:
        name = nameOf(field.bytes);
        break;
      case 2:
        alias = String(field.integer);
        break;
      case 4:
        type = Number(field.integer);
        break;
      case 5:
        historical = field.integer !== 0n;
        break;
      case 7:
        isNull = field.integer !== 0n;
        break;
      default:
        value = valueOf(field) ?? value;
    }
  }
  return { name, alias, type, historical, value: isNull ? null : value };
}

function nameOf(bytes: Uint8Array): string | undefined {
  const name = utf8(bytes);
  return name.length > 0 && name.length <= MAX_NAME ? name : undefined;
}

/** Fields 10 to 15 are the value; those after it are no scalars. */
function valueOf({ number, integer, bytes }: WireField): Metric["value"] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (number) {
    case 10:
    case 11:
      return (type) => integerOf(integer, type);
    case 12:
      if (bytes.length !== 4) throw new DecodeError(`float of ${bytes.length} bytes`);
      return () => finite(Number(view.getFloat32(0, true).toPrecision(7)));
    case 13:
      if (bytes.length !== 8) throw new DecodeError(`double of ${bytes.length} bytes`);
      return () => finite(view.getFloat64(0, true));
    case 14:
      return () => integer !== 0n;
    case 15:
      return () => (bytes.length <= MAX_TEXT ? utf8(bytes) : undefined);
    default:
      return undefined;
  }
}

const finite = (value: number) => (Number.isFinite(value) ? value : undefined);

/**
 * Signed values travel as unsigned ones, in two's complement. What no number holds exactly is told as text: nobody takes
 * that for a quantity.
 */
function integerOf(raw: bigint, type: number): Scalar | undefined {
  if (type === BOOLEAN) return raw !== 0n;
  const signed = SIGNED[type];
  const unsigned = UNSIGNED[type];
  if (signed === undefined && unsigned === undefined) return undefined;
  const value = signed === undefined ? BigInt.asUintN(unsigned ?? 64, raw) : BigInt.asIntN(signed, raw);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
