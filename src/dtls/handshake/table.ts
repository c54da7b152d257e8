/**
 * The handshake of a client as a table: in which state which message of the server does what (RFC 5246 §7.3, figures 1 and 2).
 *
 *     hello ─ ServerHello ─┬─ certificate ─ key-exchange ─ request-or-done ─┐
 *       ↑ HelloVerify      ├─ key-exchange ─────────────── done ────────────┼─ change ─ finished ─ over
 *       └────────┘         ├─ hint-or-done ────────────────────────────────┘     │
 *                          └─ (resumed) ─────────────────────────────────────────┘
 *
 * A message that a state does not name breaks the rules: `unexpected_message` (RFC 5246 §7.2.2).
 */

import { HandshakeType, type KeyExchange } from "../constants.ts";

export type State =
  /** We have said hello, perhaps more than once. */
  | "hello"
  | "certificate"
  | "key-exchange"
  /** Plain PSK: the hint may be left out (RFC 4279 §2). */
  | "hint-or-done"
  /** The server may ask for our certificate, or not. */
  | "request-or-done"
  | "done"
  /** The ChangeCipherSpec is next: a record, no message, and so not in this table. */
  | "change"
  | "finished"
  | "over";

export type Action = "negotiate" | "certificate" | "key-exchange" | "request" | "answer" | "verify";

type Row = ReadonlyMap<number, Action>;

const row = (...entries: (readonly [number, Action])[]): Row => new Map(entries);
const DONE = [HandshakeType.ServerHelloDone, "answer"] as const;
const KEY_EXCHANGE = [HandshakeType.ServerKeyExchange, "key-exchange"] as const;

const TABLE: Readonly<Record<State, Row>> = {
  hello: row([HandshakeType.ServerHello, "negotiate"]),
  certificate: row([HandshakeType.Certificate, "certificate"]),
  "key-exchange": row(KEY_EXCHANGE),
  "hint-or-done": row(KEY_EXCHANGE, DONE),
  "request-or-done": row([HandshakeType.CertificateRequest, "request"], DONE),
  done: row(DONE),
  change: row(),
  finished: row([HandshakeType.Finished, "verify"]),
  over: row(),
};

/** What a message of that type does in that state; undefined: it may not come there. */
export function actionFor(state: State, messageType: number): Action | undefined {
  return TABLE[state].get(messageType);
}

/** What the server must say after a ServerHello that begins a session of its own. */
const AFTER_HELLO: Readonly<Record<KeyExchange, State>> = {
  psk: "hint-or-done",
  "ecdhe-psk": "key-exchange",
  "ecdhe-ecdsa": "certificate",
};

/** What it must say after its ServerKeyExchange: only who has shown a certificate may ask for one (RFC 4279 §2, RFC 5246 §7.4.4). */
const AFTER_KEY_EXCHANGE: Readonly<Record<KeyExchange, State>> = {
  psk: "done",
  "ecdhe-psk": "done",
  "ecdhe-ecdsa": "request-or-done",
};

export function afterHello(keyExchange: KeyExchange): State {
  return AFTER_HELLO[keyExchange];
}

export function afterKeyExchange(keyExchange: KeyExchange): State {
  return AFTER_KEY_EXCHANGE[keyExchange];
}

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(HandshakeType).map(([name, id]) => [id, name]));

/** The name of a message, for words. */
export function messageName(type: number): string {
  return NAMES.get(type) ?? `message ${type}`;
}
