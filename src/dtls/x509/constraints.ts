/** Name Constraints: which names the certificates below an authority may carry (RFC 5280 §4.2.1.10). */

import { DecodeError } from "../../base/bytes.ts";
import { DerReader, Tag, constructed, only, primitive } from "./der.ts";
import { type GeneralName, generalName } from "./general-names.ts";

export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
  /** It is critical and constrains names of other kinds than hosts and addresses: only a refusal is safe. */
  readonly beyondUs: boolean;
}

const PERMITTED = constructed(0);
const EXCLUDED = constructed(1);

/** @throws DecodeError */
export function decodeConstraints(value: Uint8Array, critical: boolean): NameConstraints {
  const reader = new DerReader(only(value, Tag.Sequence, "name constraints").content);
  const permitted = subtrees(reader.optional(PERMITTED)?.content);
  const excluded = subtrees(reader.optional(EXCLUDED)?.content);
  reader.end("pair of subtrees");
  const beyondUs = critical && [...permitted, ...excluded].some((name) => name.kind === "other");
  return { permitted, excluded, beyondUs };
}

/** Whether these names may stand below such an authority; the first that may not, in words. */
export function violation(names: readonly GeneralName[], constraints: NameConstraints): string | undefined {
  const { permitted, excluded } = constraints;
  for (const name of names) {
    const alike = permitted.filter(({ kind }) => kind === name.kind);
    if (excluded.some((tree) => within(name, tree) || mayReach(name, tree))) return nameInWords(name);
    if (alike.length > 0 && !alike.some((tree) => within(name, tree))) return nameInWords(name);
  }
  return undefined;
}

function subtrees(list: Uint8Array | undefined): GeneralName[] {
  const reader = new DerReader(list ?? new Uint8Array());
  const trees: GeneralName[] = [];
  while (!reader.done) {
    const subtree = new DerReader(reader.take(Tag.Sequence, "subtree").content);
    const base = generalName(subtree);
    // `minimum` and `maximum` mean nothing in this profile and must not be there.
    if (subtree.optional(primitive(0)) !== undefined || subtree.optional(primitive(1)) !== undefined)
      throw new DecodeError("a name constraint with a distance");
    subtree.end("subtree");
    if (base.kind === "address" && base.bytes.length !== 8 && base.bytes.length !== 32)
      throw new DecodeError("a name constraint that is no address and mask");
    trees.push(base);
  }
  return trees;
}

function within(name: GeneralName, tree: GeneralName): boolean {
  if (name.kind === "dns" && tree.kind === "dns") return belowDomain(name.name, tree.name);
  if (name.kind === "address" && tree.kind === "address") return inNetwork(name.bytes, tree.bytes);
  return false;
}

/** "*.example.com" stands for names within "host.example.com" too. */
function mayReach(name: GeneralName, tree: GeneralName): boolean {
  if (name.kind !== "dns" || tree.kind !== "dns" || !name.name.startsWith("*.")) return false;
  return belowDomain(tree.name, name.name.slice(2));
}

/** "host.example.com" lies within "example.com", "badexample.com" does not; everything lies within "". */
function belowDomain(name: string, domain: string): boolean {
  const below = bare(domain);
  const host = bare(name);
  return below === "" || host === below || host.endsWith(`.${below}`);
}

/** Without the dots around it that change nothing of what it stands for. */
function bare(domain: string): string {
  return domain.replace(/^\./, "").replace(/\.$/, "");
}

function inNetwork(address: Uint8Array, network: Uint8Array): boolean {
  const size = address.length;
  return network.length === 2 * size && address.every((byte, i) => ((byte ^ network[i]!) & network[size + i]!) === 0);
}

function nameInWords(name: GeneralName): string {
  return name.kind === "dns" ? name.name : name.kind === "address" ? `address ${[...name.bytes].join(".")}` : "a name";
}
