/** Writes Protocol Buffers for tests: fields by number, and the metrics of Sparkplug B from them. */

const bytesOf = (...parts: readonly Uint8Array[]) => Buffer.concat(parts);

export function varint(value: bigint | number): Uint8Array {
  let left = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const group = Number(left & 0x7fn);
    left >>= 7n;
    bytes.push(left > 0n ? group | 0x80 : group);
  } while (left > 0n);
  return Uint8Array.from(bytes);
}

export const integer = (number: number, value: bigint | number) => bytesOf(varint(number * 8), varint(value));
export const delimited = (number: number, bytes: Uint8Array) =>
  bytesOf(varint(number * 8 + 2), varint(bytes.length), bytes);
export const text = (number: number, value: string) => delimited(number, Buffer.from(value));

export function float(number: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytesOf(varint(number * 8 + 5), bytes);
}

export function double(number: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytesOf(varint(number * 8 + 1), bytes);
}

/** A metric of a payload: name, alias, type and value as fields. */
export interface WrittenMetric {
  readonly name?: string;
  readonly alias?: number;
  readonly type?: number;
  readonly historical?: boolean;
  readonly isNull?: boolean;
  /** The field with the value. */
  readonly value?: Uint8Array;
}

export function metric({ name, alias, type, historical, isNull, value }: WrittenMetric): Uint8Array {
  return bytesOf(
    ...(name === undefined ? [] : [text(1, name)]),
    ...(alias === undefined ? [] : [integer(2, alias)]),
    ...(type === undefined ? [] : [integer(4, type)]),
    ...(historical === undefined ? [] : [integer(5, historical ? 1 : 0)]),
    ...(isNull === undefined ? [] : [integer(7, isNull ? 1 : 0)]),
    ...(value === undefined ? [] : [value]),
  );
}

export function sparkplugPayload(seq: number | undefined, ...metrics: readonly WrittenMetric[]): Uint8Array {
  return bytesOf(
    integer(1, 1_700_000_000_000n),
    ...metrics.map((each) => delimited(2, metric(each))),
    ...(seq === undefined ? [] : [integer(3, seq)]),
  );
}
