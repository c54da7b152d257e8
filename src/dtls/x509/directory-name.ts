/** The names of subjects and issuers: only the common name means something here (RFC 5280 §4.1.2.4). */

import { DerReader, type Element, Tag, objectIdentifier, only } from "./der.ts";

const COMMON_NAME = "2.5.4.3";
/** Bytes of a text, by the tag of its alphabet (X.680 §41): the ones of old are close enough to Latin-1. */
const ALPHABETS: ReadonlyMap<number, (content: Uint8Array) => string> = new Map([
  [0x0c, (content: Uint8Array) => Buffer.from(content).toString("utf8")],
  [0x13, latin1],
  [0x14, latin1],
  [0x16, latin1],
  [0x1e, (content: Uint8Array) => new TextDecoder("utf-16be").decode(content)],
]);

/** The last one, which is the most specific. @throws DecodeError unless it is a name. */
export function commonNameOf(name: Uint8Array): string | undefined {
  const reader = new DerReader(only(name, Tag.Sequence, "name").content);
  let found: string | undefined;
  while (!reader.done) {
    const set = new DerReader(reader.take(Tag.Set, "part of a name").content);
    do found = commonName(set.take(Tag.Sequence, "attribute of a name")) ?? found;
    while (!set.done);
  }
  return found;
}

function commonName({ content }: Element): string | undefined {
  const reader = new DerReader(content);
  const id = objectIdentifier(reader.take(Tag.ObjectIdentifier, "kind of a name"));
  const value = reader.next();
  reader.end("attribute of a name");
  return id === COMMON_NAME ? ALPHABETS.get(value.tag)?.(value.content) : undefined;
}

function latin1(content: Uint8Array): string {
  return Buffer.from(content).toString("latin1");
}
