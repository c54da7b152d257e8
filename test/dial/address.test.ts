import { describe, expect, it } from "vitest";
import { addressOf } from "../../src/dial/address.ts";

describe("the address of a server", () => {
  it.each([
    ["coap://host", { secured: false, stream: false, host: "host", port: 5683, uri: "coap://host:5683" }],
    ["coap://host:5683", { secured: false, stream: false, host: "host", port: 5683, uri: "coap://host:5683" }],
    [
      "coaps://Host.Example",
      { secured: true, stream: false, host: "host.example", port: 5684, uri: "coaps://host.example:5684" },
    ],
    ["COAPS://h:1/", { secured: true, stream: false, host: "h", port: 1, uri: "coaps://h:1" }],
    ["coap+tcp://h", { secured: false, stream: true, host: "h", port: 5683, uri: "coap+tcp://h:5683" }],
    [
      "coaps+tcp://192.0.2.1",
      { secured: true, stream: true, host: "192.0.2.1", port: 5684, uri: "coaps+tcp://192.0.2.1:5684" },
    ],
    [
      "coaps://[2001:DB8::1]:7",
      { secured: true, stream: false, host: "2001:db8::1", port: 7, uri: "coaps://[2001:db8::1]:7" },
    ],
  ])("%s has its usual port and one way to be written (RFC 7252 §6, RFC 8323 §8)", (uri, address) => {
    expect(addressOf(uri)).toEqual(address);
  });

  it.each(["", "host", "host:5683", "http://host", "coap://", "coaps://:5684", "coap+ws://host", "coap://h:70000"])(
    "is not %j",
    (uri) => {
      expect(() => addressOf(uri)).toThrow("is no address of a server");
    },
  );
});
