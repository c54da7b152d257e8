/** What Object 0 holds becomes credentials, or words that name the Resource. */

import { createHash, createPublicKey, generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { DecodeError } from "../../src/base/bytes.ts";
import type { Credentials } from "../../src/base/credentials.ts";
import { certificatesOf, credentialsOf, type KeyMaterial } from "../../src/dtls/keys.ts";
import { authority, certificate, family, type Issued, spkiOf } from "../support/certificates.ts";
import { pem } from "../support/der.ts";
import { mutate } from "../support/mutate.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const { root, intermediate, server, client } = family();
const other = certificate({ subject: "other" });
const AT_NOON = { ms: Date.UTC(2026, 5, 1), trusted: true };

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const hash = (name: string, data: Uint8Array): Uint8Array => new Uint8Array(createHash(name).update(data).digest());
const pkcs8 = ({ privateKey }: Pick<Issued, "privateKey">): Uint8Array =>
  new Uint8Array(privateKey.export({ format: "der", type: "pkcs8" }));
const sec1 = ({ privateKey }: Pick<Issued, "privateKey">): Uint8Array =>
  new Uint8Array(privateKey.export({ format: "der", type: "sec1" }));
const scalar = ({ privateKey }: Pick<Issued, "privateKey">): Uint8Array =>
  new Uint8Array(Buffer.from(privateKey.export({ format: "jwk" }).d ?? "", "base64url"));

const PSK: KeyMaterial = {
  mode: "psk",
  identity: bytes("urn:dev:1"),
  secretKey: Uint8Array.of(1, 2, 3),
  host: "lwm2m.example",
};
const RPK: KeyMaterial = {
  mode: "rpk",
  identity: client.spki,
  secretKey: pkcs8(client),
  serverKey: server.spki,
  host: "lwm2m.example",
};
const X509: KeyMaterial = {
  mode: "x509",
  identity: client.der,
  secretKey: pkcs8(client),
  serverKey: server.der,
  host: "lwm2m.example",
};

function fit<M extends Credentials["mode"]>(material: KeyMaterial, mode: M): Extract<Credentials, { mode: M }> {
  const opened = credentialsOf(material);
  if (opened.status !== "fit") throw new Error(opened.reason);
  if (!is(opened.credentials, mode)) throw new Error(`mode ${opened.credentials.mode}`);
  return opened.credentials;
}

function is<M extends Credentials["mode"]>(one: Credentials, mode: M): one is Extract<Credentials, { mode: M }> {
  return one.mode === mode;
}

function unfit(material: KeyMaterial): string {
  const opened = credentialsOf(material);
  return opened.status === "unfit" ? opened.reason : "it is fit";
}

describe("a pre-shared key", () => {
  test("is kept as bytes, in an object that does not print", () => {
    const { identity, key } = fit(PSK, "psk");
    expect(identity).toEqual(bytes("urn:dev:1"));
    expect(key.export()).toEqual(Buffer.from([1, 2, 3]));
    expect(JSON.stringify(key)).not.toContain("1,2,3");
  });

  test("and its identity are bytes of one's own: a buffer that is used again changes nothing", () => {
    const [identity, secretKey] = [bytes("one"), bytes("key")];
    const credentials = fit({ ...PSK, identity, secretKey }, "psk");
    identity.fill(0);
    secretKey.fill(0);
    expect(credentials.identity).toEqual(bytes("one"));
    expect(credentials.key.export()).toEqual(Buffer.from("key"));
  });

  test.each([1, 16, 64])("may have %i bytes", (length) => {
    expect(fit({ ...PSK, secretKey: new Uint8Array(length) }, "psk").key.symmetricKeySize).toBe(length);
  });

  test.each([0, 65])("of %i bytes is refused by the name of its Resource", (length) => {
    expect(unfit({ ...PSK, secretKey: new Uint8Array(length) })).toBe(
      `the pre-shared key (/0/x/5) has ${length} bytes: 1 to 64 are possible`,
    );
  });

  test.each([0, 129])("with an identity of %i bytes is refused", (length) => {
    expect(unfit({ ...PSK, identity: new Uint8Array(length) })).toBe(
      `the PSK identity (/0/x/3) has ${length} bytes: 1 to 128 are possible`,
    );
  });
});

describe("a raw key pair", () => {
  const forms: readonly (readonly [string, Uint8Array])[] = [
    ["PKCS#8", pkcs8(client)],
    ["SEC1", sec1(client)],
    ["32 bare bytes", scalar(client)],
    ["PEM of PKCS#8", bytes(client.keyPem)],
    ["PEM of SEC1", bytes(pem("EC PRIVATE KEY", sec1(client)))],
    ["PEM with the curve before the key", bytes(pem("EC PARAMETERS", bytes("x")) + client.keyPem)],
  ];

  test.each(forms)("is read from %s", (_, secretKey) => {
    const credentials = fit({ ...RPK, secretKey }, "rpk");
    expect(spkiOf(createPublicKey(credentials.privateKey))).toEqual(client.spki);
    expect(credentials.publicKey).toEqual(client.spki);
    expect(credentials.serverKey).toEqual(server.spki);
    expect(credentials.serverKeyMatching).toBeUndefined();
  });

  test("needs no public half: it follows from the private one", () => {
    expect(fit({ ...RPK, identity: new Uint8Array() }, "rpk").publicKey).toEqual(client.spki);
  });

  test("has public keys in PEM too", () => {
    const [identity, serverKey] = [client, server].map(({ spki }) => bytes(pem("PUBLIC KEY", spki)));
    const credentials = fit({ ...RPK, identity: identity!, serverKey: serverKey! }, "rpk");
    expect([credentials.publicKey, credentials.serverKey]).toEqual([client.spki, server.spki]);
  });

  test.each([
    [1, "sha256"],
    [2, "sha384"],
    [3, "sha512"],
  ] as const)("knows the server by a hash with Matching Type %i", (matchingType, name) => {
    const serverKey = hash(name, server.spki);
    expect(fit({ ...RPK, serverKey, matchingType }, "rpk")).toMatchObject({
      serverKey,
      serverKeyMatching: matchingType,
    });
  });

  const garbage = Uint8Array.of(0x30, 3, 2, 1, 7);
  const p384 = generateKeyPairSync("ec", { namedCurve: "secp384r1" });
  const refusals: readonly (readonly [string, Partial<KeyMaterial>, string])[] = [
    ["garbage as private key", { secretKey: garbage }, "Secret Key (/0/x/5) is no private key"],
    ["no private key", { secretKey: new Uint8Array() }, "Secret Key (/0/x/5) is no private key"],
    ["zero as private key", { secretKey: new Uint8Array(32) }, "Secret Key (/0/x/5) is no private key"],
    [
      "a private key beyond the curve",
      { secretKey: new Uint8Array(32).fill(255) },
      "Secret Key (/0/x/5) is no private key",
    ],
    [
      "bytes behind the private key",
      { secretKey: join(pkcs8(client), Uint8Array.of(0)) },
      "Secret Key (/0/x/5) is no private key",
    ],
    ["another curve", { secretKey: pkcs8(p384) }, "Secret Key (/0/x/5) is not on the curve P-256"],
    [
      "an encrypted key",
      { secretKey: bytes(pem("ENCRYPTED PRIVATE KEY", garbage)) },
      "Secret Key (/0/x/5) is encrypted",
    ],
    ["two keys", { secretKey: bytes(client.keyPem + other.keyPem) }, "Secret Key (/0/x/5) holds more than one key"],
    [
      "somebody else's public key",
      { identity: other.spki },
      "our Public Key (/0/x/3) does not belong to our Secret Key (/0/x/5)",
    ],
    ["garbage as public key", { identity: garbage }, "Public Key (/0/x/3) is no public key"],
    ["a certificate as public key", { identity: client.der }, "Public Key (/0/x/3) is no public key"],
    ["no server key", { serverKey: new Uint8Array() }, "Server Public Key (/0/x/4) is missing"],
    ["garbage as server key", { serverKey: garbage }, "Server Public Key (/0/x/4) is no public key"],
    [
      "bytes behind the server key",
      { serverKey: join(server.spki, garbage) },
      "Server Public Key (/0/x/4) is no public key",
    ],
    [
      "a server key on another curve",
      { serverKey: spkiOf(p384.publicKey) },
      "Server Public Key (/0/x/4) is not on the curve P-256",
    ],
    ["a Matching Type that is none", { matchingType: 4 }, "Matching Type (/0/x/13) is 4: 0 to 3 are possible"],
    [
      "a hash of another length",
      { matchingType: 2 },
      "Server Public Key (/0/x/4) has 91 bytes: Matching Type (/0/x/13) 2 wants a hash of 48",
    ],
  ];

  test.each(refusals)("is refused with %s", (_, change, reason) => {
    expect(unfit({ ...RPK, ...change })).toContain(reason);
  });
});

describe("a certificate of ours", () => {
  test("is read from DER and from PEM, alone or with its issuers behind it", () => {
    const both = [client.der, intermediate.der];
    expect(fit(X509, "x509").chain).toEqual([client.der]);
    expect(fit({ ...X509, identity: bytes(client.pem) }, "x509").chain).toEqual([client.der]);
    expect(fit({ ...X509, identity: join(...both) }, "x509").chain).toEqual(both);
    expect(fit({ ...X509, identity: bytes(client.chainPem) }, "x509").chain).toEqual(both);
  });

  test("comes with the name to ask for: of /0/x/14, else the host, and none for an address", () => {
    expect(fit(X509, "x509").serverName).toBe("lwm2m.example");
    expect(fit({ ...X509, serverName: "sni.example" }, "x509").serverName).toBe("sni.example");
    expect(fit({ ...X509, host: "192.0.2.1" }, "x509").serverName).toBeUndefined();
    expect(fit({ ...X509, host: "[2001:db8::1]" }, "x509").serverName).toBeUndefined();
  });

  test("comes with a judge: the server's own certificate and no other, unless Certificate Usage says otherwise", () => {
    const { judge } = fit(X509, "x509");
    expect(judge(server.chain, AT_NOON).status).toBe("trusted");
    expect(judge(other.chain, AT_NOON)).toMatchObject({ status: "refused", fault: "bad" });
  });

  test("judges by the trust store alone where no Server Public Key is given", () => {
    const { judge } = fit({ ...X509, serverKey: new Uint8Array(), trust: [root.der] }, "x509");
    expect(judge(server.chain, AT_NOON).status).toBe("trusted");
    expect(judge(other.chain, AT_NOON).status).toBe("refused");
  });

  test("judges by what Certificate Usage 2 and a hash say", () => {
    const serverKey = hash("sha384", intermediate.der);
    const { judge } = fit({ ...X509, serverKey, certificateUsage: 2, matchingType: 2 }, "x509");
    expect(judge(server.chain, AT_NOON).status).toBe("trusted");
  });

  const nine = Array.from({ length: 9 }, () => root.der);
  const refusals: readonly (readonly [string, Partial<KeyMaterial>, string])[] = [
    ["no certificate", { identity: new Uint8Array() }, "our certificate (/0/x/3) is missing"],
    ["garbage", { identity: bytes("hello") }, "our certificate (/0/x/3) is no certificate in DER or PEM"],
    ["a key in its place", { identity: client.spki }, "our certificate (/0/x/3) is no certificate in DER or PEM"],
    [
      "PEM without a certificate",
      { identity: bytes(client.keyPem) },
      "our certificate (/0/x/3) is no certificate in DER or PEM",
    ],
    [
      "broken PEM",
      { identity: bytes(client.pem.replace("MII", "M!!")) },
      "our certificate (/0/x/3) is no certificate in DER or PEM",
    ],
    [
      "another's key",
      { secretKey: pkcs8(other) },
      "our certificate (/0/x/3) does not belong to our Secret Key (/0/x/5)",
    ],
    [
      "a chain out of order",
      { identity: join(client.der, root.der) },
      "our certificates (/0/x/3) are out of order: number 2 did not issue number 1",
    ],
    [
      "a chain without an end",
      { identity: join(...nine) },
      "our certificate (/0/x/3) comes with 8 more: 7 are possible",
    ],
    ["no way to judge", { serverKey: new Uint8Array() }, "there is no Server Public Key (/0/x/4), and without it"],
    [
      "usage 2 of nothing",
      { serverKey: new Uint8Array(), certificateUsage: 2, trust: [root.der] },
      "there is no Server Public Key (/0/x/4)",
    ],
    ["usage 4", { certificateUsage: 4 }, "Certificate Usage (/0/x/15) is 4: 0 to 3 are possible"],
    ["usage 0 without a trust store", { certificateUsage: 0 }, "Certificate Usage (/0/x/15) 0 needs a trust store"],
    [
      "usage 1 without a trust store",
      { certificateUsage: 1, trust: [] },
      "Certificate Usage (/0/x/15) 1 needs a trust store",
    ],
    [
      "usage 0 of a server",
      { certificateUsage: 0, trust: [root.der] },
      "Server Public Key (/0/x/4) is no certificate of an authority",
    ],
    ["usage 2 of a server", { certificateUsage: 2 }, "Server Public Key (/0/x/4) is no certificate of an authority"],
    [
      "two server certificates",
      { serverKey: join(server.der, other.der) },
      "Server Public Key (/0/x/4) holds more than one certificate",
    ],
    ["a hash of another length", { matchingType: 1 }, "Matching Type (/0/x/13) 1 wants a hash of 32"],
    [
      "a trust store of garbage",
      { trust: [root.der, bytes("x")] },
      "the trust store holds something that is no certificate",
    ],
  ];

  test.each(refusals)("is refused with %s", (_, change, reason) => {
    expect(unfit({ ...X509, ...change })).toContain(reason);
  });

  test("of version 1 may be an authority that is expected: it cannot say so itself", () => {
    const old = authority({ subject: "Old", version: 1 });
    expect(credentialsOf({ ...X509, serverKey: old.der, certificateUsage: 2 }).status).toBe("fit");
  });
});

describe("a file of certificates", () => {
  test("gives each of them, from PEM with other things between, and from DER", () => {
    const store = `# ours\n${root.pem}\nnotes\n${client.keyPem}${other.pem.replaceAll("\n", "\r\n")}`;
    expect(certificatesOf(bytes(store))).toEqual([root.der, other.der]);
    expect(certificatesOf(join(root.der, other.der))).toEqual([root.der, other.der]);
  });

  test.each([
    ["nothing", ""],
    ["text", "no certificate here"],
    ["a key", client.keyPem],
    ["a label that does not match", root.pem.replace("END CERTIFICATE", "END KEY")],
  ])("is refused if it holds %s", (_, text) => {
    expect(() => certificatesOf(bytes(text))).toThrow(DecodeError);
  });
});

test("no reason ever holds a key", () => {
  const random = new SeededRandom(5);
  const canary = Buffer.from(scalar(client)).toString("hex");
  for (const material of [PSK, RPK, X509]) {
    for (let i = 0; i < 300; i++) {
      const secretKey = mutate(material.secretKey, random);
      const said = JSON.stringify(credentialsOf({ ...material, secretKey, serverKey: mutate(server.spki, random) }));
      expect(said).not.toContain(canary);
      expect(said).not.toContain(Buffer.from(scalar(client)).toString("base64"));
    }
  }
});

test("mutated keys are credentials or words, and nothing else", () => {
  const random = new SeededRandom(6);
  const texts = [bytes(client.keyPem), pkcs8(client), sec1(client)];
  for (let i = 0; i < 3_000; i++) {
    const secretKey = mutate(random.pick(texts), random);
    const identity = mutate(client.spki, random);
    expect(["fit", "unfit"]).toContain(credentialsOf({ ...RPK, secretKey, identity }).status);
  }
});
