/** Certificates taken apart: as OpenSSL sees them, and refused where RFC 5280 refuses them. */

import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DecodeError } from "../../../src/base/bytes.ts";
import { certificatesOf } from "../../../src/dtls/keys.ts";
import { type Certificate, decodeCertificate, printable, titleOf } from "../../../src/dtls/x509/certificate.ts";
import { KeyUsage } from "../../../src/dtls/x509/extensions.ts";
import { isSignedBy, isStrong, keyOf } from "../../../src/dtls/x509/signature.ts";
import { authority, certificate, EKU, family, spkiOf } from "../../support/certificates.ts";
import { bits, boolean, der, explicit, integer, octets, oid, sequence, setOf, text, time } from "../../support/der.ts";

const { root, intermediate, server } = family();
const keys = certificate();

interface Recorded {
  readonly serverCertPem: string;
  readonly serverSpkiHex: string;
  readonly caPem: string;
  readonly clientCertPem: string;
}
const isRecorded = (value: unknown): value is Recorded =>
  typeof value === "object" && value !== null && "serverCertPem" in value && "caPem" in value;
const recorded: unknown = JSON.parse(
  readFileSync(new URL("../vectors/dtls-transcripts.json", import.meta.url), "utf8"),
);

function same(ours: Certificate, theirs: X509Certificate): void {
  expect(new Date(ours.validFrom)).toEqual(new Date(theirs.validFrom));
  expect(new Date(ours.validUntil)).toEqual(new Date(theirs.validTo));
  expect(ours.publicKey).toEqual(spkiOf(theirs.publicKey));
  expect(ours.extensions.authority ?? false).toBe(theirs.ca);
  // Node calls it key usage and means the extended one.
  expect(ours.extensions.purposes).toEqual(theirs.keyUsage);
  expect(theirs.subject).toContain(`CN=${ours.commonName ?? "?"}`);
  expect(theirs.issuer).toContain(`CN=${ours.issuerName ?? "?"}`);
}

describe("what we read", () => {
  test.each(Object.entries(family()))("of the %s is what OpenSSL reads", (_, { der: bytes }) => {
    same(decodeCertificate(bytes), new X509Certificate(bytes));
  });

  test("of certificates that OpenSSL made is what it reads itself, and their signatures hold", () => {
    if (!isRecorded(recorded)) throw new Error("no certificates among the recordings");
    const { serverCertPem, caPem, clientCertPem, serverSpkiHex } = recorded;
    const [ca, ...leaves] = [caPem, serverCertPem, clientCertPem].map((pem) => {
      const [bytes] = certificatesOf(Buffer.from(pem));
      const ours = decodeCertificate(bytes!);
      same(ours, new X509Certificate(pem));
      return ours;
    });
    for (const leaf of leaves) expect(isSignedBy(leaf, ca!)).toBe(true);
    expect(isSignedBy(ca!, leaves[0]!)).toBe(false);
    expect(Buffer.from(leaves[0]!.publicKey).toString("hex")).toBe(serverSpkiHex);
  });

  test("are the facts that a path is judged by", () => {
    const { extensions } = decodeCertificate(authority({ pathLength: 3 }).der);
    expect(extensions).toMatchObject({ authority: true, pathLength: 3, unknownCritical: [] });
    expect((extensions.keyUsage ?? 0) & KeyUsage.CertificateSign).not.toBe(0);
    expect((extensions.keyUsage ?? 0) & KeyUsage.DigitalSignature).toBe(0);
    expect(decodeCertificate(server.der).extensions).toMatchObject({
      authority: false,
      keyUsage: KeyUsage.DigitalSignature,
      purposes: [EKU.serverAuth, EKU.clientAuth],
    });
    expect(decodeCertificate(certificate({ version: 1 }).der).extensions).toEqual({ unknownCritical: [] });
  });

  test("is a view of the bytes that were given", () => {
    const { toBeSigned, publicKey } = decodeCertificate(server.der);
    expect([toBeSigned.buffer, publicKey.buffer]).toEqual([server.der.buffer, server.der.buffer]);
  });
});

describe("a signature", () => {
  const of = (issued: { der: Uint8Array }): Certificate => decodeCertificate(issued.der);

  test("is the issuer's and nobody else's", () => {
    expect(isSignedBy(of(server), of(intermediate))).toBe(true);
    expect(isSignedBy(of(intermediate), of(root))).toBe(true);
    expect(isSignedBy(of(server), of(root))).toBe(false);
    expect(isSignedBy(of(intermediate), of(server))).toBe(false);
  });

  test.each(["sha256", "sha384", "sha512"] as const)("may be made with %s, by RSA and on curves", (hash) => {
    const rsa = authority({ keys: generateKeyPairSync("rsa", { modulusLength: 2_048 }) });
    for (const issuer of [root, rsa])
      expect(isSignedBy(of(certificate({ issuer, keys, hash })), of(issuer))).toBe(true);
  });

  test("with SHA-1 is not believed", () => {
    const weak = of(certificate({ issuer: root, keys, hash: "sha1" }));
    expect([isStrong(weak), isSignedBy(weak, of(root))]).toEqual([false, false]);
  });

  test("by RSA is not even tried with an exponent that is made to take time", () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const { d = "", e = "", ...rest } = privateKey.export({ format: "jwk" });
    // The exponents change places: signing is quick then, and verifying takes as long as a stranger likes.
    const slow = createPrivateKey({ format: "jwk", key: { ...rest, d: e, e: d, dp: e, dq: e } });
    const issuer = authority({ keys: { privateKey: slow, publicKey: createPublicKey(slow) } });
    const leaf = certificate({ issuer });
    expect(isSignedBy(of(leaf), of(issuer))).toBe(false);
  });

  test("by RSA-PSS is believed with a hash that it names, and not with the SHA-1 of its silence", () => {
    const pair = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const issuer = authority({ keys: pair });
    const sha256 = sequence(oid("2.16.840.1.101.3.4.2.1"), der(0x05));
    const named = sequence(
      explicit(0, sha256),
      explicit(1, sequence(oid("1.2.840.113549.1.1.8"), sha256)),
      explicit(2, integer(32)),
    );
    const pss = (parameters: Uint8Array, hash: string): Certificate => {
      const algorithm = sequence(oid("1.2.840.113549.1.1.10"), parameters);
      const body = bodyOf({ algorithm, issuer: issuer.name });
      const signature = sign(hash, body, { key: pair.privateKey, padding: 6, saltLength: hash === "sha1" ? 20 : 32 });
      return decodeCertificate(sequence(body, algorithm, bits(signature)));
    };
    expect(isSignedBy(pss(named, "sha256"), of(issuer))).toBe(true);
    expect(isSignedBy(pss(sequence(), "sha1"), of(issuer))).toBe(false);
  });

  test("of a key that is none is nobody's", () => {
    const broken = sequence(sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")), bits(Uint8Array.of(4, 1)));
    const algorithm = sequence(oid("1.2.840.10045.4.3.2"));
    const issuer = decodeCertificate(sequence(bodyOf({ algorithm, spki: broken }), algorithm, bits(new Uint8Array(8))));
    expect(keyOf(issuer)).toBeUndefined();
    expect(isSignedBy(of(server), issuer)).toBe(false);
  });

  test("opens a key once", () => {
    const one = of(server);
    expect(keyOf(one)).toBe(keyOf(one));
    expect(keyOf(one)?.equals(createPublicKey(server.privateKey))).toBe(true);
  });
});

interface Body {
  readonly version?: Uint8Array;
  readonly algorithm?: Uint8Array;
  readonly issuer?: Uint8Array;
  readonly validity?: Uint8Array;
  readonly subject?: Uint8Array;
  readonly spki?: Uint8Array;
  readonly serial?: Uint8Array;
  readonly tail?: readonly Uint8Array[];
}

const ECDSA = sequence(oid("1.2.840.10045.4.3.2"));
const VALIDITY = sequence(time(0), time(1e12));

function bodyOf(parts: Body): Uint8Array {
  const { version = explicit(0, integer(2)), algorithm = ECDSA, issuer = root.name, validity = VALIDITY } = parts;
  const { subject = server.name, spki = server.spki, serial = integer(7), tail = [] } = parts;
  return sequence(version, serial, algorithm, issuer, validity, subject, spki, ...tail);
}

function made(parts: Body, outer: readonly Uint8Array[] = [ECDSA, bits(new Uint8Array(8))]): Uint8Array {
  return sequence(bodyOf(parts), ...outer);
}

const extensions = (...list: readonly Uint8Array[]): Body => ({ tail: [explicit(3, sequence(...list))] });
const extension = (id: string, value: Uint8Array, ...flag: readonly Uint8Array[]): Uint8Array =>
  sequence(oid(id), ...flag, octets(value));
const NONE = new Uint8Array();

describe("a certificate", () => {
  test("made by hand is one, with unique identifiers of old too", () => {
    expect(decodeCertificate(made({})).version).toBe(3);
    expect(decodeCertificate(made({ version: NONE })).version).toBe(1);
    expect(
      decodeCertificate(made({ version: explicit(0, integer(1)), tail: [der(0x81, NONE), der(0x82, NONE)] })).version,
    ).toBe(2);
  });

  test.each<[string, Uint8Array]>([
    ["with bytes behind it", Uint8Array.from([...made({}), 0])],
    ["cut short", made({}).subarray(0, -1)],
    [
      "longer than a handshake message",
      made({ subject: sequence(setOf(sequence(oid("2.5.4.3"), text("x".repeat(17_000))))) }),
    ],
    ["of version 4", made({ version: explicit(0, integer(3)) })],
    ["of version 1 that says so", made({ version: explicit(0, integer(0)) })],
    ["of version 1 with extensions", made({ version: NONE, ...extensions() })],
    ["with another algorithm outside", made({}, [sequence(oid("1.2.840.10045.4.3.3")), bits(new Uint8Array(8))])],
    ["with more than a signature", made({}, [ECDSA, bits(new Uint8Array(8)), integer(1)])],
    ["with a signature of bits", made({}, [ECDSA, bits(Uint8Array.of(0xf0), 4)])],
    ["without a serial number", made({ serial: der(0x02) })],
    ["with one date", made({ validity: sequence(time(0)) })],
    ["with three dates", made({ validity: sequence(time(0), time(1), time(2)) })],
    ["with numbers for dates", made({ validity: sequence(integer(0), integer(1)) })],
    ["whose issuer is no name", made({ issuer: sequence(integer(1)) })],
    ["whose subject has an empty part", made({ subject: sequence(setOf()) })],
    ["with something behind the extensions", made({ tail: [explicit(3, sequence()), integer(1)] })],
    [
      "with an extension that comes twice",
      made(extensions(extension("2.5.29.14", NONE), extension("2.5.29.14", NONE))),
    ],
    ["with an extension without a value", made(extensions(sequence(oid("2.5.29.14"))))],
    [
      "with too many extensions",
      made(extensions(...Array.from({ length: 41 }, (_, i) => extension(`1.3.${i}`, NONE)))),
    ],
    ["with a truth that is none", made(extensions(extension("2.5.29.14", NONE, der(0x01, Uint8Array.of(1)))))],
    ["with basic constraints of text", made(extensions(extension("2.5.29.19", text("CA"))))],
    [
      "with a path length below zero",
      made(extensions(extension("2.5.29.19", sequence(boolean(true), der(0x02, Uint8Array.of(0xff)))))),
    ],
    ["with a key usage of nothing", made(extensions(extension("2.5.29.15", NONE)))],
    ["with a purpose of text", made(extensions(extension("2.5.29.37", sequence(text("server")))))],
    ["with names cut short", made(extensions(extension("2.5.29.17", Uint8Array.of(0x30, 4, 0x82, 9))))],
    [
      "with a constraint of a distance",
      made(
        extensions(
          extension("2.5.29.30", sequence(explicit(0, sequence(text("a", 0x82), der(0x80, Uint8Array.of(1)))))),
        ),
      ),
    ],
    [
      "with a constraint of half a network",
      made(extensions(extension("2.5.29.30", sequence(explicit(0, sequence(der(0x87, new Uint8Array(4)))))))),
    ],
  ])("is refused %s", (_, bytes) => {
    expect(() => decodeCertificate(bytes)).toThrow(DecodeError);
  });

  test("lists critical extensions that nobody here knows, and leaves the others alone", () => {
    const list = [
      extension("1.2.3", NONE, boolean(true)),
      extension("1.2.4", NONE),
      extension("1.2.5", NONE, boolean(false)),
    ];
    expect(decodeCertificate(made(extensions(...list))).extensions.unknownCritical).toEqual(["1.2.3"]);
  });
});

describe("a title", () => {
  const named = (value: Uint8Array): string =>
    titleOf(decodeCertificate(made({ subject: sequence(setOf(sequence(oid("2.5.4.3"), value))) })));

  test.each([
    ["UTF-8", text("Gerät 7"), "Gerät 7"],
    ["PrintableString", text("device", 0x13), "device"],
    ["T61String", der(0x14, Uint8Array.of(0xe4)), "ä"],
    ["BMPString", der(0x1e, Uint8Array.of(0, 0x41, 0x20, 0xac)), "A€"],
  ])("is the common name of %s", (_, value, name) => {
    expect(named(value)).toBe(`certificate "${name}"`);
  });

  test("fits into one line of a log, whatever a stranger wrote", () => {
    expect(named(text('a\n<6>b"\u001b[31m'))).toBe(`certificate "a?<6>b'?[31m"`);
    expect(printable("x".repeat(100))).toBe(`${"x".repeat(63)}…`);
    expect(named(integer(1))).toBe("a certificate without a name");
  });

  test("is the last of several names: the most specific", () => {
    const part = (name: string): Uint8Array => setOf(sequence(oid("2.5.4.3"), text(name)));
    expect(decodeCertificate(made({ subject: sequence(part("one"), part("two")) })).commonName).toBe("two");
  });
});
