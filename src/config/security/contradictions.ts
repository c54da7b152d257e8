/** What is said of security that is right by itself, and wrong beside the address or beside another server. */

import type { ValuePath } from "../source.ts";
import type { SecurityConfig } from "./security.ts";

/** Something that is right by itself, and wrong beside the rest. */
export interface Contradiction {
  readonly path: ValuePath;
  readonly message: string;
  readonly hint?: string;
}

/** A server, or the Bootstrap-Server, and where it stands in the file. */
export interface Guarded {
  readonly uri: string;
  readonly security?: SecurityConfig;
  readonly path: ValuePath;
}

export function securityContradictions(guarded: readonly Guarded[]): Contradiction[] {
  return [...guarded.flatMap(withItsAddress), ...sharedKeys(guarded)];
}

function withItsAddress({ uri, security, path }: Guarded): Contradiction[] {
  const scheme = schemeOf(uri);
  const secured = scheme.startsWith("coaps");
  const mode = security?.mode ?? "none";
  const at = [...path, ...(security ? ["security", "mode"] : ["uri"])];
  // Who asks for encryption must not be given a connection without it, nor one to whoever answers.
  if (secured && (mode === "none" || mode === "oscore"))
    return [
      {
        path: at,
        message: security ? `${scheme} wants psk, rpk or x509` : `${scheme} wants to know who one is`,
        hint: "add security: { mode: psk, key: !file KEY }",
      },
    ];
  if (!secured && mode !== "none" && mode !== "oscore")
    return [
      { path: at, message: `${scheme} has no use for a key`, hint: `write ${scheme.replace("coap", "coaps")} in uri` },
    ];
  if (scheme === "coaps+tcp" && mode === "rpk")
    return [{ path: at, message: "raw public keys are not spoken over TLS here", hint: "use psk, x509, or coaps" }];
  return [];
}

/** What one server can work out, it can be for another: two that share a secret must not share what comes of it. */
function sharedKeys(guarded: readonly Guarded[]): Contradiction[] {
  const seen = new Set<string>();
  return guarded.flatMap(({ security, path }): Contradiction[] => {
    if (security?.mode !== "psk" && security?.mode !== "oscore") return [];
    const { keys, mode } = security;
    if (keys.from !== "secret") return [];
    const trace = [mode, keys.secret.reveal(), keys.context].join(" ");
    if (!seen.has(trace)) {
      seen.add(trace);
      return [];
    }
    return [
      {
        path: [...path, "security", "derive"],
        message: "makes the same keys as for another server, which could then be any sensor here",
        hint: "add context: NAME, another one for each server",
      },
    ];
  });
}

/** In small letters, as addresses are read. */
function schemeOf(uri: string): string {
  return uri.slice(0, uri.indexOf(":")).toLowerCase();
}
