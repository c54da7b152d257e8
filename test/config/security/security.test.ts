/** `security` in the file: what each mode makes of an account, for all and for one sensor. */

import { createPrivateKey, createPublicKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import {
  type EndpointSecurity,
  type OwnSecurity,
  type SecurityConfig,
  securityFor,
} from "../../../src/config/index.ts";
import { certificate, family } from "../../support/certificates.ts";
import { pair, read, secured } from "./rig.ts";

const KEY = "000102030405060708090a0b0c0d0e0f";
const SECRET = `${KEY}101112131415161718191a1b1c1d1e1f`;
const ENDPOINT = "urn:dev:mac:cbb8334c884f";
const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();
const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString("hex");
const derOf = (secret: Secret | undefined) => Buffer.from(secret?.reveal() ?? "", "hex");

/** What an endpoint is given. */
function given(security: SecurityConfig | undefined, endpoint = ENDPOINT, own?: OwnSecurity): EndpointSecurity {
  const found = securityFor(security, endpoint, own);
  if ("lacking" in found) throw new Error(found.lacking);
  return found;
}

describe("a pre-shared key", () => {
  it("goes with the name of the endpoint, unless an identity is given", () => {
    const plain = secured("mode: psk, key: !file k", { k: `${KEY}\n` });
    expect(text(given(plain).credentials?.identity)).toBe(ENDPOINT);
    expect(given(plain).credentials?.secretKey.reveal()).toBe(KEY);
    const named = secured('mode: psk, key: !env K, identity: "plant-{endpoint}-{endpoint}"', { K: KEY });
    expect(text(given(named, "a").credentials?.identity)).toBe("plant-a-a");
  });

  it("may be worked out for each endpoint, to the vectors of the documentation", () => {
    const plain = secured("mode: psk, derive: { secret: !credential master }", { master: SECRET });
    expect(given(plain).credentials?.secretKey.reveal()).toBe("a14779f75bcd84550b94fea7a4a2a377");
    const apart = secured("mode: psk, derive: { secret: !file m, context: plant-7 }", { m: SECRET });
    expect(given(apart).credentials?.secretKey.reveal()).toBe("9b06dc933bba7a56ac252b17f14507ef");
    const long = secured("mode: psk, derive: { secret: !file m, length: 32 }", { m: SECRET });
    expect(given(long).credentials?.secretKey.reveal()).toHaveLength(64);
  });

  it("may stand in a table, with an identity of its own", () => {
    const security = secured("mode: psk, table: !file t", { t: `${ENDPOINT} ${KEY}\nb 0b its-name\n` });
    expect(given(security).credentials?.secretKey.reveal()).toBe(KEY);
    expect(text(given(security, "b").credentials?.identity)).toBe("its-name");
    expect(securityFor(security, "c")).toEqual({
      lacking: "the table !file t has no key for c: add it there, and start again",
    });
  });

  it("may be one sensor's own, whatever the others have", () => {
    const security = secured("mode: psk, table: !file t", { t: "b 0b" });
    const own = { identity: "{endpoint}!", key: new Secret("0a", "its own") };
    const { credentials } = given(security, "c", own);
    expect([text(credentials?.identity), credentials?.secretKey.reveal()]).toEqual(["c!", "0a"]);
  });

  it("may ask for ciphersuites by name", () => {
    const suites = "TLS_PSK_WITH_AES_128_GCM_SHA256, TLS_PSK_WITH_AES_128_CCM_8";
    const security = secured(`mode: psk, key: "${KEY}", ciphersuites: [${suites}]`);
    expect(given(security).ciphersuites).toEqual([0x00a8, 0xc0a8]);
  });

  it("shows as its name wherever it is printed", () => {
    const security = secured("mode: psk, derive: { secret: !file m }", { m: SECRET });
    const shown = JSON.stringify([security, given(security)]);
    expect(shown).toContain("<secret !file m>");
    expect(shown).not.toContain("a14779f7");
    expect(shown).not.toContain(KEY);
  });
});

describe("a raw public key", () => {
  const [ours, theirs] = [pair(), pair()];
  const files = { k: ours.key, s: theirs.publicKey };

  it("is ours in PKCS #8 and as SubjectPublicKeyInfo, and the server's whole", () => {
    const { credentials } = given(secured("mode: rpk, key: !file k, server_key: !file s", files));
    const key = createPrivateKey({ key: derOf(credentials?.secretKey), format: "der", type: "pkcs8" });
    expect(createPublicKey(key).export({ format: "pem", type: "spki" })).toBe(ours.publicKey);
    expect(hex(credentials?.identity)).toBe(
      createPublicKey(ours.publicKey).export({ format: "der", type: "spki" }).toString("hex"),
    );
    expect(hex(credentials?.serverKey)).toBe(
      createPublicKey(theirs.publicKey).export({ format: "der", type: "spki" }).toString("hex"),
    );
  });

  it("may be one sensor's own", () => {
    const { config } = read(
      `server: { uri: "coaps://a", security: { mode: rpk, key: !file k, server_key: !file s } }
adapters: {}
sensors: [{ source: r/1, security: { key: !file own } }]`,
      { ...files, own: pair().key },
    );
    const security = secured("mode: rpk, key: !file k, server_key: !file s", files);
    expect(config?.servers[0]?.security).toEqual(security);
    const own = { privateKey: { key: new Secret("00", "x"), publicKey: Uint8Array.of(7) } };
    expect(given(security, "a", own).credentials).toMatchObject({ identity: Uint8Array.of(7) });
  });
});

describe("a certificate", () => {
  const { root, client, server } = family();
  const files = { k: client.keyPem, c: client.chainPem, s: server.pem, r: root.pem };

  it("is ours with those of its issuers, beside the one that the server must show", () => {
    const security = secured(
      "mode: x509, key: !file k, certificate: !file c, server_certificate: !file s, usage: service, matching: exact, server_name: b",
      files,
    );
    const account = given(security);
    expect(account.credentials?.mode).toBe("x509");
    expect(hex(account.credentials?.identity)).toBe(Buffer.concat(client.chain).toString("hex"));
    expect(hex(account.credentials?.serverKey)).toBe(hex(server.der));
    expect(account).toMatchObject({ certificateUsage: 1, matchingType: 0, serverName: "b" });
    expect(account.trust).toBeUndefined();
  });

  it("may leave the server to authorities that this machine trusts", () => {
    const trust = `junk before\n${root.pem}\n${server.pem}`;
    const account = given(
      secured("mode: x509, key: !file k, certificate: !file c, trust: !file t", { ...files, t: trust }),
    );
    expect(account.trust?.map(hex)).toEqual([hex(root.der), hex(server.der)]);
    expect(account.credentials?.serverKey).toBeUndefined();
  });

  it("is one list of authorities for all endpoints, which is read once", () => {
    const security = secured("mode: x509, key: !file k, certificate: !file c, trust: !file r", files);
    expect(given(security, "a").trust).toBe(given(security, "b").trust);
  });

  it("may be one sensor's own", () => {
    const own = certificate({ subject: "sensor" });
    const security = secured("mode: x509, key: !file k, certificate: !file c, trust: !file r", files);
    const account = given(security, "a", { certificate: own.der });
    expect(account.credentials?.identity).toBe(own.der);
  });
});

describe("OSCORE", () => {
  it("protects over coap, with all that Object 21 has", () => {
    const more = 'salt: "9e7ca922", id_context: "37cbf3210017a2d3", aead: 10, hkdf: -10';
    const security = secured(
      `mode: oscore, table: !file t, sender_id: "01", recipient_id: "02", ${more}`,
      { t: `${ENDPOINT} ${KEY}` },
      "coap://a",
    );
    const { oscore, credentials } = given(security);
    expect(credentials).toBeUndefined();
    expect(oscore?.masterSecret.reveal()).toBe(KEY);
    expect([hex(oscore?.senderId), hex(oscore?.recipientId)]).toEqual(["01", "02"]);
    expect([hex(oscore?.masterSalt), hex(oscore?.idContext)]).toEqual(["9e7ca922", "37cbf3210017a2d3"]);
    expect(oscore).toMatchObject({ aead: 10, hkdf: -10 });
  });

  it("may be worked out for each endpoint, its ID as well", () => {
    const security = secured("mode: oscore, derive: { secret: !file m }", { m: SECRET }, "coap://a");
    const { oscore } = given(security);
    expect(oscore?.masterSecret.reveal()).toBe("ed201f0b1e6bbae5165aed8a5f7d0821");
    expect(hex(oscore?.senderId)).toBe("beb65a1fc83c0c");
    expect(hex(oscore?.recipientId)).toBe("");
    expect(hex(given(security, "other").oscore?.senderId)).not.toBe("beb65a1fc83c0c");
  });

  it("never shares both key and ID among endpoints, whose nonces would be the same (RFC 8613 §7.2.1)", () => {
    for (const keys of ["key: !file k", "derive: { secret: !file k }"]) {
      const security = secured(`mode: oscore, ${keys}`, { k: KEY }, "coap://a");
      const all = Array.from({ length: 500 }, (_, i) => given(security, `sensor-${i}`).oscore);
      expect(new Set(all.map((each) => `${each?.masterSecret.reveal()}/${hex(each?.senderId)}`)).size).toBe(500);
      expect(new Set(all.map((each) => hex(each?.senderId))).size).toBe(500);
    }
  });

  it("may be one sensor's own", () => {
    const security = secured("mode: oscore, key: !file k", { k: KEY }, "coap+tcp://a");
    const own = { key: new Secret("aa", "own"), senderId: Uint8Array.of(9) };
    const { oscore } = given(security, "a", own);
    expect([oscore?.masterSecret.reveal(), hex(oscore?.senderId)]).toEqual(["aa", "09"]);
  });
});

describe("no security", () => {
  it("is said so, or not said", () => {
    expect(given(secured("mode: none", {}, "coap://a"))).toEqual({});
    expect(given(undefined)).toEqual({});
  });
});
