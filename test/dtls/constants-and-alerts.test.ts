import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { type AlertName, alertBody, alertNumber, HandshakeFault, readAlert } from "../../src/dtls/alert.ts";
import { allSuites, suiteOf } from "../../src/dtls/constants.ts";

describe("cipher suites", () => {
  // The registry of IANA, by RFC 5487, 5289, 5489, 6655, 7251 and 8442.
  it.each([
    [0x00a8, "TLS_PSK_WITH_AES_128_GCM_SHA256"],
    [0x00ae, "TLS_PSK_WITH_AES_128_CBC_SHA256"],
    [0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"],
    [0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
    [0xc037, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256"],
    [0xc0a4, "TLS_PSK_WITH_AES_128_CCM"],
    [0xc0a8, "TLS_PSK_WITH_AES_128_CCM_8"],
    [0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"],
    [0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"],
    [0xd001, "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256"],
    [0xd003, "TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256"],
    [0xd005, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256"],
  ])("%i is %s", (id, name) => {
    expect(suiteOf(id)).toMatchObject({ id, name });
  });

  it("are those twelve, and each does what its name says", () => {
    expect(allSuites()).toHaveLength(12);
    for (const { name, keyExchange, cipher } of allSuites()) {
      const exchange = keyExchange.toUpperCase().replace("-", "_");
      const mode = cipher.toUpperCase().replace("-", "_");
      expect(name).toMatch(new RegExp(`^TLS_${exchange}_WITH_AES_128_${mode}(_SHA256)?$`));
    }
  });

  it("of another number are not ours: NULL, 256 bits, RSA, and what only signals", () => {
    for (const id of [0x0000, 0x002c, 0xc0a9, 0xc02f, 0x00ff, 0x1301, -1]) expect(suiteOf(id)).toBeUndefined();
  });
});

describe("an alert", () => {
  it("is its level and its number", () => {
    expect(toHex(alertBody("fatal", "handshake_failure"))).toBe("0228");
    expect(toHex(alertBody("warning", "close_notify"))).toBe("0100");
    expect(toHex(alertBody("fatal", "bad_certificate"))).toBe("022a");
    expect(toHex(alertBody("warning", "no_renegotiation"))).toBe("0164");
    expect(toHex(alertBody("fatal", "unknown_psk_identity"))).toBe("0273");
  });

  it("is read by its name", () => {
    expect(readAlert(fromHex("0100"))).toEqual({ level: "warning", name: "close_notify" });
    expect(readAlert(fromHex("0214"))).toEqual({ level: "fatal", name: "bad_record_mac" });
    expect(readAlert(fromHex("022f"))).toEqual({ level: "fatal", name: "illegal_parameter" });
  });

  it("without a name is called by its number", () => {
    expect(readAlert(fromHex("02fe"))).toEqual({ level: "fatal", name: "alert 254" });
  });

  it.each(["", "02", "022800", "0028", "0328", "ff00"])("is not %j", (hex) => {
    expect(readAlert(fromHex(hex))).toBeUndefined();
  });

  it("survives the way there and back, whichever it is", () => {
    let known = 0;
    for (let id = 0; id < 256; id++) {
      const alert = readAlert(Uint8Array.of(2, id))!;
      if (alert.name.startsWith("alert ")) continue;
      known++;
      const name: AlertName = isName(alert.name);
      expect(alertBody("fatal", name)[1]).toBe(id);
    }
    expect(known).toBeGreaterThanOrEqual(30);
  });
});

describe("the number of an alert", () => {
  it("is that of its name, with a name of its own or without", () => {
    for (let id = 0; id < 256; id++) {
      const name = readAlert(Uint8Array.of(2, id))?.name ?? "";
      expect(alertNumber(name)).toBe(id);
    }
  });

  it("is none of anything else", () => {
    for (const name of ["", "unknown", "alert", "alert x", "alert 1234", "constructor"])
      expect(alertNumber(name)).toBeUndefined();
  });
});

/** Any name that was read is one that may be written. */
function isName(name: string): AlertName {
  const names: Record<string, AlertName> = {};
  for (const each of ALL) names[each] = each;
  const found = names[name];
  if (!found) throw new Error(`${name} is not in the list of this test`);
  return found;
}

const ALL: readonly AlertName[] = [
  "close_notify",
  "unexpected_message",
  "bad_record_mac",
  "decryption_failed",
  "record_overflow",
  "decompression_failure",
  "handshake_failure",
  "no_certificate",
  "bad_certificate",
  "unsupported_certificate",
  "certificate_revoked",
  "certificate_expired",
  "certificate_unknown",
  "illegal_parameter",
  "unknown_ca",
  "access_denied",
  "decode_error",
  "decrypt_error",
  "export_restriction",
  "protocol_version",
  "insufficient_security",
  "internal_error",
  "inappropriate_fallback",
  "user_canceled",
  "no_renegotiation",
  "missing_extension",
  "unsupported_extension",
  "certificate_unobtainable",
  "unrecognized_name",
  "bad_certificate_status_response",
  "unknown_psk_identity",
  "certificate_required",
  "no_application_protocol",
];

describe("a fault of a handshake", () => {
  it("carries what the peer is told, and words for people", () => {
    const fault = new HandshakeFault("decode_error", "the ServerHello ends within its session id");
    expect(fault).toBeInstanceOf(Error);
    expect(fault.alert).toBe("decode_error");
    expect(fault.message).toBe("the ServerHello ends within its session id");
    expect(fault.name).toBe("HandshakeFault");
  });
});
