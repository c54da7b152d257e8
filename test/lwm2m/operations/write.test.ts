import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import type { Outcome } from "../../../src/base/outcome.ts";
import { codecOf, Format, type Node } from "../../../src/content/index.ts";
import type { ObjectTree } from "../../../src/lwm2m/index.ts";
import { path, type Path } from "../../../src/model/path.ts";
import { settle, type FakeClock } from "../../support/fake-clock.ts";
import { station, thermometer } from "../../support/station.ts";

const SWITCH = path(3306, 0, 5850);
const DIMMER = path(3306, 0, 5851);

/** A relay: 5850 and 5851 are told to the device, whose answers come from `outcomes`. */
function relay(outcomes: Partial<Record<Path, () => Promise<Outcome>>> = {}) {
  const told: [Path, unknown][] = [];
  const fill = (tree: ObjectTree, clock: FakeClock) => {
    tree.addInstance(path(3306, 0));
    tree.set(SWITCH, false, clock.now());
    tree.set(DIMMER, 10, clock.now());
    for (const at of [SWITCH, DIMMER])
      tree.onWrite(at, (where, value) => {
        told.push([where, value]);
        return outcomes[at]?.() ?? Promise.resolve({ status: "done" });
      });
  };
  return { ...station({ fill }), told };
}

const bytes = (format: number, base: Path, nodes: Node[]) => codecOf(format)!.encode(nodes, base);
const switchNode = (value: boolean): Node => ({ path: SWITCH, type: "boolean", value });
const dimmerNode = (value: number): Node => ({ path: DIMMER, type: "integer", value });

describe("Write", () => {
  it("asks the device, and answers 2.04 when it has confirmed", async () => {
    let confirm: (outcome: Outcome) => void = () => undefined;
    const here = relay({ [SWITCH]: () => new Promise((resolve) => (confirm = resolve)) });
    await here.registered();
    const token = here.server.send("PUT", { path: SWITCH, format: 0, payload: "1" });
    await here.clock.advance(1_000);
    expect(here.told).toEqual([[SWITCH, true]]);
    expect(here.server.answers(token)).toEqual([]);
    // The message layer has said that it is working on it (RFC 7252 §5.2.2).
    expect(here.server.empties.map(({ type }) => type)).toEqual(["ACK"]);
    confirm({ status: "done" });
    await settle();
    expect(here.server.answers(token)).toMatchObject([{ type: "CON", code: "2.04", format: undefined, text: "" }]);
  });

  it("never changes the tree by itself: the device's own word does", async () => {
    const here = relay();
    await here.registered();
    expect((await here.server.ask("PUT", { path: SWITCH, format: 0, payload: "1" })).code).toBe("2.04");
    expect(here.tree.get(SWITCH)?.value).toBe(false);
  });

  it("reads text, CBOR, TLV, SenML JSON and SenML CBOR", async () => {
    const here = relay();
    await here.registered();
    for (const format of [Format.Text, Format.Cbor, Format.Tlv, Format.SenmlJson, Format.SenmlCbor]) {
      const payload = bytes(format, SWITCH, [switchNode(true)]);
      expect((await here.server.ask("PUT", { path: SWITCH, format, payload })).code).toBe("2.04");
    }
    expect(here.told).toEqual(Array.from({ length: 5 }, () => [SWITCH, true]));
  });

  it("takes TLV on a Resource with and without the outer header of the Instance (E51)", async () => {
    const here = relay();
    await here.registered();
    // Resource 5851, 1 byte: 50; and the same inside Object Instance 0.
    for (const hex of ["e116db32", "0400e116db32"])
      expect((await here.server.ask("PUT", { path: DIMMER, format: 11542, payload: fromHex(hex) })).code).toBe("2.04");
    expect(here.told).toEqual([
      [DIMMER, 50],
      [DIMMER, 50],
    ]);
  });

  it("updates several Resources of an Instance by POST", async () => {
    const here = relay();
    await here.registered();
    const payload = bytes(Format.Tlv, path(3306, 0), [switchNode(true), dimmerNode(70)]);
    expect((await here.server.ask("POST", { path: "/3306/0", format: Format.Tlv, payload })).code).toBe("2.04");
    expect(here.told).toEqual([
      [SWITCH, true],
      [DIMMER, 70],
    ]);
  });

  it.each<[string, Outcome | "fault", string, RegExp]>([
    ["refuses", { status: "rejected", reason: "the relay is locked" }, "4.00", /the relay is locked/],
    ["does not answer", { status: "timeout" }, "5.04", /no answer from the device/],
    ["breaks", "fault", "5.00", /^$/],
  ])("tells the server when the device %s", async (_, outcome, code, words) => {
    const here = relay({
      [SWITCH]: () => (outcome === "fault" ? Promise.reject(new Error("bug")) : Promise.resolve(outcome)),
    });
    await here.registered();
    const answer = await here.server.ask("PUT", { path: SWITCH, format: 0, payload: "1" });
    expect(answer.code).toBe(code);
    expect(answer.text).toMatch(words);
    expect(here.client.registration.state).toBe("registered");
  });

  it("stops at the first device that does not do as told, and keeps nothing then (E62)", async () => {
    const stored: unknown[] = [];
    const here = relay({ [SWITCH]: () => Promise.resolve({ status: "rejected", reason: "no" }) });
    await here.registered();
    here.tree.onStored((...args) => stored.push(args));
    const payload = bytes(Format.Tlv, path(3306, 0), [
      switchNode(true),
      dimmerNode(70),
      { path: path(3306, 0, 5750), type: "string", value: "Pump" },
    ]);
    expect((await here.server.ask("POST", { path: "/3306/0", format: Format.Tlv, payload })).code).toBe("4.00");
    expect(here.told).toEqual([[SWITCH, true]]);
    expect(stored).toEqual([]);
  });

  it("checks everything before it does anything (E62, E63)", async () => {
    const here = relay();
    await here.registered();
    const readOnly: Node = { path: path(3306, 0, 5852), type: "integer", value: 1 };
    for (const [nodes, code] of [
      [[switchNode(true), dimmerNode(101)], "4.00"], // 5851 is 0 to 100
      [[switchNode(true), { path: path(3306, 0, 5853), type: "string", value: "x" }], "4.05"], // no handler
      [[switchNode(true), readOnly], "4.05"],
    ] as [Node[], string][]) {
      const payload = bytes(Format.SenmlCbor, path(3306, 0), nodes);
      const format = Format.SenmlCbor;
      const answer = await here.server.ask("PUT", { path: "/3306/0", format, payload });
      // 5852 On Time is writable in the registry, but this device does not let itself be told.
      expect(answer.code).toBe(code);
    }
    expect(here.told).toEqual([]);
  });

  it.each([
    ["malformed text", "/3306/0/5850", 0, "true", "4.00"], // E35
    ["a number out of range", "/3306/0/5851", 0, "101", "4.00"],
    ["a fraction for an integer", "/3306/0/5851", 0, "10.5", "4.00"],
    ["nothing at all", "/3306/0/5851", 0, "", "4.00"],
    ["malformed TLV", "/3306/0", 11542, "\u0001\u0002\u0003", "4.00"],
    ["text for an Instance", "/3306/0", 0, "1", "4.00"],
    ["an unknown format", "/3306/0/5850", 9999, "1", "4.15"],
    ["link-format", "/3306/0/5850", 40, "</3306/0>", "4.15"],
    ["opaque bytes for a boolean", "/3306/0/5850", 42, "1", "4.00"], // E37
    ["a Resource that is read-only", "/3303/0/5700", 0, "20", "4.05"],
    ["a Resource that is executed", "/3303/0/5605", 0, "20", "4.05"],
    ["a writable Resource that this device has not", "/3306/0/5852", 0, "1", "4.05"],
    ["an unknown Resource", "/3306/0/9999", 0, "1", "4.04"],
    ["an Instance that is not there", "/3306/1/5850", 0, "1", "4.04"],
    ["an Object that is not there", "/3308/0/5900", 0, "1", "4.04"],
    ["a whole Object", "/3306", 11542, "", "4.05"],
    ["a Resource Instance of a single Resource", "/3306/0/5850/0", 0, "1", "4.04"],
  ])("refuses %s", async (_, where, format, payload, code) => {
    const told: unknown[] = [];
    const here = station({
      fill: (tree, clock) => {
        thermometer(tree, clock);
        tree.addInstance(path(3306, 0));
        for (const at of [SWITCH, DIMMER])
          tree.onWrite(at, (...args) => {
            told.push(args);
            return Promise.resolve({ status: "done" });
          });
      },
    });
    await here.registered();
    expect((await here.server.ask("PUT", { path: where, format, payload })).code).toBe(code);
    expect(told).toEqual([]);
  });

  it("refuses numbers that are none", async () => {
    const here = station({
      fill: (tree) => {
        tree.addInstance(path(3308, 0));
        tree.onWrite(path(3308, 0, 5900), () => Promise.resolve({ status: "done" }));
      },
    });
    await here.registered();
    // 4-byte TLV floats: infinity and NaN.
    for (const hex of ["e4170c7f800000", "e4170c7fc00000"])
      expect((await here.server.ask("PUT", { path: "/3308/0/5900", format: 11542, payload: fromHex(hex) })).code).toBe(
        "4.00",
      );
  });

  it("takes a Write without a format for text", async () => {
    const here = relay();
    await here.registered();
    expect((await here.server.ask("PUT", { path: DIMMER, payload: "42" })).code).toBe("2.04");
    expect(here.told).toEqual([[DIMMER, 42]]);
  });
});

describe("Resources that the gateway keeps", () => {
  it.each(["/3303/0/5750", "/3/0/14", "/3/0/15"])("are written without a device: %s", async (where) => {
    const here = await station().registered();
    const stored: unknown[] = [];
    here.tree.onStored((...args) => stored.push(args));
    expect((await here.server.ask("PUT", { path: where, format: 0, payload: "+02:00" })).code).toBe("2.04");
    expect(stored).toEqual([[where, "+02:00"]]);
    expect(await here.server.ask("GET", { path: where })).toMatchObject({ code: "2.05", text: "+02:00" });
  });

  it("go when an Instance is replaced without them, and stay when it is updated", async () => {
    const here = await station().registered();
    await here.server.ask("PUT", { path: "/3/0/14", format: 0, payload: "+02:00" });
    const zone: Node = { path: path(3, 0, 15), type: "string", value: "Europe/Berlin" };
    const payload = bytes(Format.Tlv, path(3, 0), [zone]);
    await here.server.ask("POST", { path: "/3/0", format: Format.Tlv, payload });
    expect(here.tree.get(path(3, 0, 14))?.value).toBe("+02:00");
    expect((await here.server.ask("PUT", { path: "/3/0", format: Format.Tlv, payload })).code).toBe("2.04");
    expect(here.tree.get(path(3, 0, 14))).toBeUndefined();
    expect(here.tree.get(path(3, 0, 15))?.value).toBe("Europe/Berlin");
    // What the device measured is not the server's to remove.
    expect(here.tree.get(path(3, 0, 9))?.value).toBe(87);
  });

  it("are the device's business where it has a handler for them", async () => {
    const here = station({
      fill: (tree) => {
        tree.addInstance(path(3303, 0));
        tree.onWrite(path(3303, 0, 5750), () => Promise.resolve({ status: "rejected", reason: "label is fixed" }));
      },
    });
    await here.registered();
    expect((await here.server.ask("PUT", { path: "/3303/0/5750", format: 0, payload: "x" })).code).toBe("4.00");
  });
});

describe("Write to the Server Object", () => {
  it("changes the lifetime, tells the gateway, and tells the server by Update", async () => {
    const here = await station().registered();
    const accounts: number[] = [];
    const stop = here.client.onProvision((provision) => accounts.push(provision.accounts[0]?.lifetime ?? 0));
    expect((await here.server.ask("PUT", { path: "/1/0/1", format: 0, payload: "60" })).code).toBe("2.04");
    await here.clock.advance(1_000);
    expect(here.server.log).toEqual(["POST /rd/r1?lt=60"]);
    expect(accounts).toEqual([60]);
    expect(here.client.registration.lifetime).toBe(60);
    stop();
    await here.server.ask("PUT", { path: "/1/0/1", format: 0, payload: "90" });
    expect(accounts).toEqual([60]);
  });

  it("changes default periods and the storing flag", async () => {
    const here = await station().registered();
    const node = (id: number, value: number | boolean): Node => ({
      path: path(1, 0, id),
      type: typeof value === "boolean" ? "boolean" : "integer",
      value,
    });
    const nodes = [node(2, 5), node(3, 60), node(5, 10), node(6, true)];
    const payload = bytes(Format.Tlv, path(1, 0), nodes);
    let account: unknown;
    here.client.onProvision((provision) => (account = provision.accounts[0]));
    expect((await here.server.ask("POST", { path: "/1/0", format: Format.Tlv, payload })).code).toBe("2.04");
    expect(account).toMatchObject({
      defaultMinimumPeriod: 5,
      defaultMaximumPeriod: 60,
      disableTimeout: 10,
      storing: true,
      lifetime: 300,
    });
    await here.clock.advance(1_000);
    expect(here.server.log).toEqual([]);
  });

  it.each([
    ["/1/0/1", "0", "4.00"], // E6: servers of 1.0 and 1.1 expire it at once
    ["/1/0/1", "-5", "4.00"],
    ["/1/0/1", "99999999999", "4.00"],
    ["/1/0/0", "5", "4.05"],
    ["/1/0/7", "S", "4.00"],
    ["/1/0/7", "U", "2.04"],
    ["/1/0/4", "", "4.05"],
    ["/1/0/13", "1", "4.05"], // optional, and not offered
    ["/1/0/22", "T", "4.00"],
  ])("to %s of %s is answered %s", async (where, payload, code) => {
    const here = await station().registered();
    expect((await here.server.ask("PUT", { path: where, format: 0, payload })).code).toBe(code);
    expect(here.client.registration.lifetime).toBe(300);
  });

  it("changes nothing if one of several values is refused (E62)", async () => {
    const here = await station().registered();
    const nodes: Node[] = [
      { path: path(1, 0, 1), type: "integer", value: 60 },
      { path: path(1, 0, 7), type: "string", value: "S" },
    ];
    const payload = bytes(Format.Tlv, path(1, 0), nodes);
    expect((await here.server.ask("POST", { path: "/1/0", format: Format.Tlv, payload })).code).toBe("4.00");
    expect(here.client.registration.lifetime).toBe(300);
  });
});
