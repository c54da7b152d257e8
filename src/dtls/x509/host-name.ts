/** Whether a certificate is of the server that was meant (RFC 6125 §6, RFC 7925 §4.4.1). */

import { domainToASCII } from "node:url";
import { sameBytes } from "../../base/bytes.ts";
import type { Certificate } from "./certificate.ts";

/**
 * @param name a DNS name, or an address with or without brackets.
 * The common name counts only where no Subject Alternative Name is there to be asked, and never for an address (RFC 6125 §6.4.4).
 */
export function bearsName({ extensions, commonName }: Certificate, name: string): boolean {
  const address = addressOf(name);
  const { names } = extensions;
  if (address !== undefined)
    return names?.some((one) => one.kind === "address" && sameBytes(one.bytes, address)) ?? false;
  const host = asciiOf(name);
  if (host === "") return false;
  if (names?.some(({ kind }) => kind !== "other"))
    return names.some((one) => one.kind === "dns" && covers(one.name, host));
  return commonName !== undefined && covers(commonName.toLowerCase(), host);
}

/** The name as Server Name Indication wants it; undefined for an address (RFC 6066 §3). */
export function indicationOf(name: string): string | undefined {
  const host = asciiOf(name);
  return addressOf(name) !== undefined || host === "" ? undefined : host;
}

/** "*" stands for one whole label, the leftmost, of a name with two more at least (RFC 6125 §6.4.3). */
function covers(pattern: string, host: string): boolean {
  if (!pattern.startsWith("*.")) return withoutDot(pattern) === host;
  const below = withoutDot(pattern.slice(1));
  const dot = host.indexOf(".");
  return dot > 0 && below.indexOf(".", 1) > 0 && !below.includes("*") && host.slice(dot) === below;
}

function asciiOf(name: string): string {
  return withoutDot(domainToASCII(name));
}

function withoutDot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

/** 4 or 16 bytes of an address in words; undefined if it is none. */
export function addressOf(text: string): Uint8Array | undefined {
  const bare = text.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "");
  return ipv4(bare) ?? ipv6(bare);
}

function ipv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  const valid = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
  return valid ? Uint8Array.from(parts, Number) : undefined;
}

/** RFC 4291 §2.2: groups, "::" once at most, and an IPv4 address at the end, if any. */
function ipv6(text: string): Uint8Array | undefined {
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const last = tail === null ? undefined : ipv4(tail[2] ?? "");
  if (tail !== null && last === undefined) return undefined;
  const hex = last === undefined ? text : `${tail?.[1] ?? ""}${groupOf(last, 0)}:${groupOf(last, 2)}`;
  const halves = hex.split("::");
  const [before, after] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const count = (before?.length ?? 0) + (after?.length ?? 0);
  if (halves.length > 2 || before === undefined || (after === undefined ? count !== 8 : count > 7)) return undefined;
  const groups = [...before, ...Array.from({ length: 8 - count }, () => "0"), ...(after ?? [])];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return new Uint8Array(Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex"));
}

function groupOf(bytes: Uint8Array, at: number): string {
  return (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16);
}
