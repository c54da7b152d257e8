/** What is said of security that is right by itself, and wrong beside the address or beside another server. */

import type { ValuePath } from "../source.ts";
import type { OscoreSecurity, PskSecurity, SecurityConfig } from "./security.ts";

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
    if (security.keys.from !== "secret") return sameContext(security, path, seen);
    const { keys, mode } = security;
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

/** Under one context of OSCORE, answers to two servers that count alike would have the same nonces (RFC 8613 §3.3). */
function sameContext(security: PskSecurity | OscoreSecurity, path: ValuePath, seen: Set<string>): Contradiction[] {
  if (security.mode !== "oscore" || security.keys.from === "secret") return [];
  const { keys, recipientId, salt, idContext, senderId } = security;
  const secrets = keys.from === "key" ? [keys.key] : Array.from(keys.rows.values(), ({ key }) => key);
  const ids = [recipientId, salt, idContext, senderId].map((each) => (each ? Buffer.from(each).toString("hex") : "-"));
  const traces = new Set(secrets.map((secret) => ["oscore context", secret.reveal(), ...ids].join(" ")));
  const known = [...traces].some((trace) => seen.has(trace));
  for (const trace of traces) seen.add(trace);
  if (!known) return [];
  return [
    {
      path: [...path, "security", keys.from],
      message: "is that of another server, and makes the same context of OSCORE with it",
      hint: "give each server a key, a salt or a recipient_id of its own",
    },
  ];
}

/** In small letters, as addresses are read. */
function schemeOf(uri: string): string {
  return uri.slice(0, uri.indexOf(":")).toLowerCase();
}
