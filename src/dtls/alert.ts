/** Alerts: how one end tells the other why it stops (RFC 5246 §7.2). */

/** By the names of RFC 5246 §7.2, RFC 4279 §6, RFC 6066 §9, RFC 7301 §3.2 and RFC 9146 §6. */
const ALERTS = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  decryption_failed: 21,
  record_overflow: 22,
  decompression_failure: 30,
  handshake_failure: 40,
  no_certificate: 41,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  export_restriction: 60,
  protocol_version: 70,
  insufficient_security: 71,
  internal_error: 80,
  inappropriate_fallback: 86,
  user_canceled: 90,
  no_renegotiation: 100,
  missing_extension: 109,
  unsupported_extension: 110,
  certificate_unobtainable: 111,
  unrecognized_name: 112,
  bad_certificate_status_response: 113,
  unknown_psk_identity: 115,
  certificate_required: 116,
  no_application_protocol: 120,
} as const;

export type AlertName = keyof typeof ALERTS;
export type AlertLevel = "warning" | "fatal";

export interface Alert {
  readonly level: AlertLevel;
  /** Its name, or `alert 97` for a number that has none. */
  readonly name: string;
}

const NAMES = new Map<number, string>(Object.entries(ALERTS).map(([name, id]) => [id, name]));
const NUMBERS: ReadonlyMap<string, number> = new Map(Object.entries(ALERTS));
const UNNAMED = /^alert (\d{1,3})$/;
const LEVELS: readonly (AlertLevel | undefined)[] = [undefined, "warning", "fatal"];

/** The body of an alert record: level and description. */
export function alertBody(level: AlertLevel, name: AlertName): Uint8Array {
  return Uint8Array.of(LEVELS.indexOf(level), ALERTS[name]);
}

/** What an alert record says; undefined unless it is two bytes, of a level that exists. */
export function readAlert(body: Uint8Array): Alert | undefined {
  if (body.length !== 2) return undefined;
  const level = LEVELS[body[0]!];
  const id = body[1]!;
  return level && { level, name: NAMES.get(id) ?? `alert ${id}` };
}

/** The number of an alert by its name as `readAlert` gives it; undefined for what is no name of one. */
export function alertNumber(name: string): number | undefined {
  const unnamed = UNNAMED.exec(name)?.[1];
  return unnamed === undefined ? NUMBERS.get(name) : Number(unnamed);
}

/** Breaks off a handshake: what the peer is told, and what our people are. Stays within this room. */
export class HandshakeFault extends Error {
  override readonly name = "HandshakeFault";
  readonly alert: AlertName;

  /** `reason` names what was wrong, in words, without secrets. */
  constructor(alert: AlertName, reason: string) {
    super(reason);
    this.alert = alert;
  }
}
