/** Names of servers: what a certificate covers, and what not. */

import { describe, expect, test } from "vitest";
import { decodeCertificate } from "../../../src/dtls/x509/certificate.ts";
import { addressOf, bearsName, indicationOf } from "../../../src/dtls/x509/host-name.ts";
import { certificate } from "../../support/certificates.ts";
import { der, sequence, text } from "../../support/der.ts";

const keys = certificate();
const made = (subject: string, ...names: readonly string[]) =>
  decodeCertificate(certificate({ keys, subject, names }).der);

describe("a name", () => {
  test.each([
    ["lwm2m.example", "lwm2m.example"],
    ["lwm2m.example", "LwM2M.Example"],
    ["LWM2M.EXAMPLE", "lwm2m.example"],
    ["lwm2m.example", "lwm2m.example."],
    ["lwm2m.example.", "lwm2m.example"],
    ["localhost", "localhost"],
    ["*.example.com", "a.example.com"],
    ["xn--mnchen-3ya.example", "münchen.example"],
    ["127.0.0.1", "127.0.0.1"],
    ["2001:db8::1", "2001:db8::1"],
    ["2001:db8::1", "[2001:DB8:0:0:0:0:0:1]"],
    ["::ffff:192.0.2.1".replace("192.0.2.1", "c000:201"), "::ffff:192.0.2.1"],
  ])("%s covers %s", (pattern, name) => {
    expect(bearsName(made("server", pattern), name)).toBe(true);
  });

  test.each([
    ["lwm2m.example", "lwm2m.example.com"],
    ["lwm2m.example", "a.lwm2m.example"],
    ["example.com", ""],
    ["*.example.com", "example.com"],
    ["*.example.com", "a.b.example.com"],
    ["*.example.com", ".example.com"],
    ["*.com", "example.com"],
    ["*", "localhost"],
    ["a*.example.com", "ab.example.com"],
    ["a.*.example.com", "a.b.example.com"],
    ["*.*.example.com", "a.b.example.com"],
    ["127.0.0.1", "127.0.0.2"],
    ["127.0.0.1", "localhost"],
    ["2001:db8::1", "2001:db8::2"],
    ["lwm2m.example", "lwm2m.example\0.evil.example"],
  ])("%s does not cover %j", (pattern, name) => {
    expect(bearsName(made("server", pattern), name)).toBe(false);
  });

  test("with a zero in it covers neither what stands before it nor what stands behind", () => {
    const value = sequence(text("lwm2m.example\0.evil.example", 0x82));
    const cut = decodeCertificate(certificate({ keys, extensions: [{ oid: "2.5.29.17", value }] }).der);
    expect(bearsName(cut, "lwm2m.example")).toBe(false);
    expect(bearsName(cut, "evil.example")).toBe(false);
  });

  test("of an address covers no text that looks like it, and no text an address", () => {
    const value = sequence(text("127.0.0.1", 0x82));
    const dns = decodeCertificate(certificate({ keys, extensions: [{ oid: "2.5.29.17", value }] }).der);
    expect(bearsName(dns, "127.0.0.1")).toBe(false);
  });
});

describe("a common name", () => {
  test("counts where there is no other, wildcards and all", () => {
    expect(bearsName(made("lwm2m.example"), "lwm2m.example")).toBe(true);
    expect(bearsName(made("*.example.com"), "a.example.com")).toBe(true);
    expect(bearsName(made("LWM2M.example"), "lwm2m.example")).toBe(true);
  });

  test("counts beside names that are no hosts, such as a mail address", () => {
    const value = sequence(text("admin@lwm2m.example", 0x81));
    const mail = certificate({ keys, subject: "lwm2m.example", extensions: [{ oid: "2.5.29.17", value }] });
    expect(bearsName(decodeCertificate(mail.der), "lwm2m.example")).toBe(true);
  });

  test("does not count where there is one, nor for an address, nor where it is not there", () => {
    expect(bearsName(made("lwm2m.example", "other.example"), "lwm2m.example")).toBe(false);
    expect(bearsName(made("lwm2m.example", "10.0.0.1"), "lwm2m.example")).toBe(false);
    expect(bearsName(made("127.0.0.1"), "127.0.0.1")).toBe(false);
    expect(bearsName(made(""), "lwm2m.example")).toBe(false);
  });
});

describe("an address", () => {
  test.each([
    ["0.0.0.0", "00000000"],
    ["192.0.2.255", "c00002ff"],
    ["::", "0".repeat(32)],
    ["::1", `${"0".repeat(31)}1`],
    ["1::", `0001${"0".repeat(28)}`],
    ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
    ["1::8", `0001${"0".repeat(24)}0008`],
    ["1:2:3:4:5:6:7::", "00010002000300040005000600070000"],
    ["::ffff:192.0.2.1", "00000000000000000000ffffc0000201"],
    ["[fe80::1%eth0]", `fe80${"0".repeat(27)}1`],
  ])("%s is read", (words, digits) => {
    expect(Buffer.from(addressOf(words) ?? []).toString("hex")).toBe(digits);
  });

  test.each([
    "",
    "a",
    "1.2.3",
    "1.2.3.256",
    "1.2.3.4.5",
    "01234.1.1.1",
    "1::2::3",
    "1:2:3:4:5:6:7:8:9",
    "12345::",
    ":1:2",
    "::g",
    "::1.2.3.999",
    "1:2:3:4:5:6:7::8",
  ])("%j is none", (words) => {
    expect(addressOf(words)).toBeUndefined();
  });
});

test("what is asked for by name is a name, without its last dot, and never an address", () => {
  expect(indicationOf("LwM2M.Example.")).toBe("lwm2m.example");
  expect(indicationOf("münchen.example")).toBe("xn--mnchen-3ya.example");
  expect([indicationOf("10.0.0.1"), indicationOf("[::1]"), indicationOf(""), indicationOf("a b")]).toEqual(
    Array.from({ length: 4 }),
  );
});

test("names that are neither hosts nor addresses are kept apart", () => {
  const value = sequence(der(0x86, Buffer.from("coaps://lwm2m.example")), text("b.example", 0x82));
  const { extensions } = decodeCertificate(certificate({ keys, extensions: [{ oid: "2.5.29.17", value }] }).der);
  expect(extensions.names).toEqual([
    { kind: "other", tag: 0x86 },
    { kind: "dns", name: "b.example" },
  ]);
});
