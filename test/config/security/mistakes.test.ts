/** What is wrong with keys in a configuration, said with its line and without the key. */

import { describe, expect, it } from "vitest";
import { formatProblem } from "../../../src/config/index.ts";
import { certificate } from "../../support/certificates.ts";
import { pair, read, told } from "./rig.ts";

const KEY = "000102030405060708090a0b0c0d0e0f";
const own = certificate();
const FILES = {
  k: KEY,
  twins: "a 00\nb 01\nc 00",
  pem: own.keyPem,
  pub: pair().publicKey,
  p384: pair("P-384").key,
  cert: own.pem,
  stranger: certificate().pem,
};
const server = (security: string, uri = "coaps://a") => `server:\n  uri: "${uri}"\n  security: { ${security} }\n`;

describe("a mistake in security", () => {
  it.each([
    ["mode: psk", "a key comes from one place: give key, derive or table, and one of them alone"],
    ["mode: psk, key: !file k, table: !file k", "a key comes from one place: give key, derive or table, and one of"],
    ["mode: psk, key: secret", "expected hexadecimal digits, two for each byte, or base64: or text: before anything"],
    ["mode: psk, key: !file pem", "expected hexadecimal digits"],
    ['mode: psk, key: ""', "expected 1 to 64 bytes, found 0"],
    [`mode: psk, key: "${"00".repeat(65)}"`, "expected 1 to 64 bytes, found 65"],
    ["mode: psk, key: 7", "expected !file PATH, !credential NAME, !env NAME or text"],
    ['mode: psk, key: !file k, identity: "{name}"', "knows {endpoint} and no other braces"],
    [`mode: psk, key: !file k, identity: "${"x".repeat(129)}"`, "expected at most 128 bytes"],
    ['mode: psk, derive: { secret: "00" }', "expected 16 to 1024 bytes, found 1"],
    ["mode: psk, derive: { secret: !file k, length: 24 }", "expected 16 or 32 bytes"],
    ["mode: psk, derive: { secret: !file k, context: a b }", "expected 1 to 64 letters, digits or any of"],
    ["mode: psk, derive: {}", "missing"],
    ["mode: psk, key: !file k, ciphersuites: [TLS_RSA]", "expected an IANA name, such as TLS_PSK_WITH_AES_128_CCM_8"],
    ["mode: psk, keys: !file k", "unknown key (did you mean `key`?)"],
    ["mode: rpk, key: !file pem", "missing"],
    ["mode: rpk, key: !file k, server_key: !file pub", "expected a private key in PEM, such as openssl genpkey makes"],
    ["mode: rpk, key: !file p384, server_key: !file pub", "expected a key on the curve P-256: openssl ecparam -name"],
    ["mode: rpk, key: !file pem, server_key: !file pem", "expected a public key, found a private one: openssl pkey"],
    ["mode: rpk, key: !file pem, server_key: !file k", "expected a public key in PEM: openssl pkey -pubout"],
    ["mode: x509, key: !file pem, certificate: !file cert", "nothing would tell the server from a stranger: give"],
    ["mode: x509, key: !file pem, certificate: !file k, trust: !file cert", "expected a certificate in PEM"],
    [
      "mode: x509, key: !file pem, certificate: !file cert, trust: !file cert, usage: 3",
      "expected ca, service, anchor",
    ],
    ["mode: x509, key: !file pem, certificate: !file cert, trust: !file cert, matching: md5", "expected exact, sha256"],
    ['mode: oscore, key: !file k, sender_id: "01"', "is for sensors that have keys of their own: without it, each is"],
    ['mode: oscore, table: !file twins, sender_id: "01"', "is for sensors that have keys of their own"],
    [
      'mode: oscore, derive: { secret: !file k }, sender_id: "01", recipient_id: "01"',
      "is the same as recipient_id, and must not be",
    ],
    ['mode: oscore, key: !file k, sender_id: "0011223344556677"', "expected 0 to 7 bytes, found 8"],
    ["mode: wpa", "expected mode: psk, rpk, x509, oscore or none"],
    ["key: !file k", "expected mode: psk, rpk, x509, oscore or none"],
  ])("that is { %s } is fatal, in words", (security, words) => {
    const uri = security.includes("oscore") ? "coap://a" : "coaps://a";
    const { config, problems } = read(server(security, uri), FILES);
    expect(config).toBeUndefined();
    const said = problems.map(({ message, hint }) => (hint === undefined ? message : `${message} (${hint})`));
    expect(said.join("\n")).toContain(words);
    expect(problems[0]?.line).toBe(3);
    expect(problems.map(formatProblem).join("\n")).not.toContain(KEY);
  });

  it("that needs a passphrase says how to do without", () => {
    const locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    expect(told(server("mode: rpk, key: !file l, server_key: !file pub"), { ...FILES, l: locked })).toEqual([
      "3:37 server.security.key: expected a private key without a passphrase: openssl pkcs8 -topk8 -nocrypt -in KEY",
    ]);
  });

  it("that is the name of a file where its content is wanted says how a file is written", () => {
    const meant = "; if a file is meant, write !file before its name";
    expect(told(server("mode: psk, key: attic.key"))[0]).toContain(meant);
    expect(told(server("mode: psk, table: /etc/isthmus/keys"))[0]).toContain(meant);
    expect(told(server("mode: x509, key: ./k.pem, certificate: c.pem, trust: ca.pem"))).toHaveLength(3);
    expect(told(server("mode: x509, key: !file pem, certificate: !file cert, trust: ca.pem"), FILES)[0]).toContain(
      meant,
    );
    expect(told(server("mode: psk, key: secret"))[0]).not.toContain(meant);
    expect(told(server("mode: psk, key: !file k"), { k: "attic.key" })[0]).not.toContain(meant);
  });

  it("that is the certificate of another key stops the start, and does not wait for the first handshake", () => {
    const words = "the first certificate is not that of key: ours goes first, its issuers behind it";
    expect(told(server("mode: x509, key: !file pem, certificate: !file stranger, trust: !file cert"), FILES)).toEqual([
      `3:62 server.security.certificate: ${words}`,
    ]);
    const file = `${server("mode: x509, key: !file pem, certificate: !file cert, trust: !file cert")}adapters: {}
sensors: [{ source: r/1, security: { key: !file pem, certificate: !file stranger } }]`;
    expect(told(file, FILES).join()).toContain(`sensors.0.security.certificate: ${words}`);
  });

  it("that is a table names the line of the table", () => {
    expect(told(server("mode: psk, table: !file t"), { t: "a 00\nb x" })[0]).toContain("in line 2 of the table");
  });

  it("that is a broken certificate says which one", () => {
    const broken = `${certificate().pem}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`;
    expect(
      told(server("mode: x509, key: !file pem, certificate: !file b, trust: !file b"), { ...FILES, b: broken }),
    ).toEqual([
      "3:62 server.security.certificate: expected certificates in PEM, but number 2 is broken",
      "3:78 server.security.trust: expected certificates in PEM, but number 2 is broken",
    ]);
  });
});

describe("security and the address", () => {
  it.each([
    ["coap://a", "mode: psk, key: !file k", "coap has no use for a key (write coaps in uri)"],
    ["coap+tcp://a", "mode: psk, key: !file k", "coap+tcp has no use for a key (write coaps+tcp in uri)"],
    ["coaps://a", "mode: none", "coaps wants psk, rpk or x509 (add security: { mode: psk, key: !file KEY })"],
    [
      "coaps+tcp://a",
      "mode: rpk, key: !file pem, server_key: !file pub",
      "raw public keys are not spoken over TLS here",
    ],
  ])("%s and { %s } do not fit", (uri, security, words) => {
    const [problem, ...others] = told(server(security, uri), FILES);
    expect(problem).toContain(`server.security.mode: ${words}`);
    expect(others).toEqual([]);
  });

  it("is looked at in the bootstrap section as well", () => {
    expect(told(`bootstrap: { uri: "coaps://a", security: { mode: none } }`)[0]).toContain("bootstrap.security.mode");
  });
});

describe("two servers", () => {
  const both = (first: string, second: string) => `servers:
  - { uri: "coaps://a", security: { mode: psk, derive: { secret: !file k${first} } } }
  - { uri: "coaps://b", security: { mode: psk, derive: { secret: !file k${second} } } }
`;

  it("must not be able to take one another's sensors over: one secret makes other keys for each", () => {
    expect(told(both("", ""), FILES)).toEqual([
      "3:56 servers.1.security.derive: makes the same keys as for another server, which could then be any sensor here (add context: NAME, another one for each server)",
    ]);
    expect(told(both("", ", context: b"), FILES)).toEqual([]);
  });

  it("must not share a context of OSCORE: answers to both would have the same nonces (RFC 8613 §3.3)", () => {
    const twice = (more: string, key = "key: !file k") => `servers:
  - { uri: "coap://a", security: { mode: oscore, ${key} } }
  - { uri: "coap://b", security: { mode: oscore, ${key}${more} } }
`;
    const table = { ...FILES, t: `dev1 ${KEY}` };
    expect(told(twice(""), FILES)[0]).toContain("servers.1.security.key: is that of another server");
    expect(told(twice("", "table: !file t"), table)[0]).toContain("servers.1.security.table: is that of another");
    expect(told(twice(', recipient_id: "02"'), FILES)).toEqual([]);
    expect(told(twice(', salt: "0102"'), FILES)).toEqual([]);
  });
});

describe("a key that others can read", () => {
  const exposed = (path: string | undefined) => ({ what: `${path ?? "this file"} is open`, hint: "chmod 600" });

  it.each([
    ["mode: psk, key: !file k", "server.security.key: k is open (chmod 600)"],
    [`mode: psk, key: "${KEY}"`, "server.security.key: this file is open (chmod 600)"],
    ["mode: psk, derive: { secret: !file k }", "server.security.derive.secret: k is open (chmod 600)"],
    ["mode: psk, table: !file t", "server.security.table: t is open (chmod 600)"],
  ])("is refused: { %s }", (security, words) => {
    const [problem] = told(server(security), { ...FILES, t: "a 00" }, { exposed });
    expect(problem).toContain(words);
  });

  it("is none where nothing is secret, or where nobody keeps it in a file", () => {
    const open = told(server("mode: x509, key: !env pem, certificate: !file cert, trust: !file cert"), FILES, {
      exposed,
    });
    expect(open).toEqual([]);
  });
});

describe("a credential of systemd", () => {
  it("is read by its name", () => {
    const credential = (name: string) => (name === "psk" ? KEY : "");
    expect(told(server("mode: psk, key: !credential psk"), {}, { credential })).toEqual([]);
  });

  it.each([
    [
      () => {
        throw new Error("$CREDENTIALS_DIRECTORY is not set");
      },
      "$CREDENTIALS_DIRECTORY is not set",
    ],
    [() => "", "empty"],
    [undefined, "systemd is not here"],
  ])("that is not there is named, once", (credential, reason) => {
    expect(told(server("mode: psk, key: !credential psk"), {}, credential && { credential })).toEqual([
      `3:43 server.security.key: the credential psk cannot be used: ${reason} (LoadCredential= in the unit names it)`,
    ]);
  });
});

describe("a sensor's own security", () => {
  it("is refused alone, with the sensor it stands at", () => {
    const text = `server: { uri: "coaps://a", security: { mode: psk, key: !file k } }
sensors:
  - { source: r/1, security: { key: nothing } }
`;
    const { config, problems } = read(text, FILES);
    expect(config?.servers).toHaveLength(1);
    expect(config?.sensors).toEqual([]);
    expect(problems.map(({ path, fatal }) => [path, fatal])).toContainEqual(["sensors.0.security.key", false]);
  });
});

describe("dtls", () => {
  it("says what is not as usual", () => {
    const text = `server: { uri: "coap://a" }
dtls: { backend: openssl, connection_id: 4, retransmit: 9s, cbc: true, extended_master_secret: required }`;
    expect(read(text).config?.dtls).toEqual({
      backend: "openssl",
      ownCidLength: 4,
      retransmitMs: 9_000,
      allowCbc: true,
      requireExtendedMasterSecret: true,
    });
    expect(read('server: { uri: "coap://a" }\ndtls: { connection_id: false }').config?.dtls).toEqual({
      ownCidLength: false,
    });
    expect(read('server: { uri: "coap://a" }').config?.dtls).toBeUndefined();
  });

  it.each([
    ["backend: gnutls", "expected own or openssl"],
    ["connection_id: 33", "expected at most 32"],
    ["connection_id: many", "expected false, or 0 to 32 bytes"],
    ["retransmit: 10s", "expected 1 to 9 seconds"],
    ["cbc: yes please", "expected true or false"],
  ])("refuses { %s } in words", (setting, words) => {
    expect(told(`server: { uri: "coap://a" }\ndtls: { ${setting} }`)[0]).toContain(words);
  });
});
