import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { codecOf, Format } from "../../../src/content/index.ts";
import { path, type Path } from "../../../src/model/path.ts";
import type { Heard } from "../../support/fake-server.ts";
import { models, station, thermometer } from "../../support/station.ts";

/** What a server with our codecs makes of an answer: values by path. */
function values({ format, payload }: Heard, base: Path): Record<string, unknown> {
  const nodes = codecOf(format!)!.decode(payload, base, (at) => models.resource(at));
  return Object.fromEntries(nodes.map(({ path: at, value }) => [at, value]));
}

describe("Read", () => {
  it("answers a single value in text and more in TLV where no format is asked for (E27, E29)", async () => {
    const { server } = await station().registered();
    expect(await server.ask("GET", { path: "/3303/0/5700" })).toMatchObject({ code: "2.05", format: 0, text: "22.0" });
    expect(await server.ask("GET", { path: "/3303/0" })).toMatchObject({ code: "2.05", format: 11542 });
    expect(await server.ask("GET", { path: "/3303" })).toMatchObject({ code: "2.05", format: 11542 });
    expect(await server.ask("GET", { path: "/3/0/7" })).toMatchObject({ code: "2.05", format: 11542 });
    expect(await server.ask("GET", { path: "/3/0/7/0" })).toMatchObject({ code: "2.05", format: 0, text: "2977" });
  });

  it("writes an Instance as these bytes of TLV (LwM2M Core 1.1 §7.4.3)", async () => {
    const { server } = await station().registered();
    const answer = await server.ask("GET", { path: "/3303/0" });
    // Resource 5700, 16-bit identifier, 4 bytes: 22.0 as IEEE 754; then 5701, 3 bytes: "Cel".
    expect(toHex(answer.payload)).toBe("e4164441b00000" + "e3164543656c");
  });

  it("asks the peer for nothing but one datagram: question and answer, byte for byte", async () => {
    const { server, wires } = await station().registered();
    wires[0]!.near.receive(fromHex("44 01 1234 a1b2c3d4 b433333033 0130 0435373030"));
    // ACK 2.05, the same message id and token, Content-Format text (an empty option), payload 22.0.
    expect(toHex(wires[0]!.near.sent[0]!)).toBe("64451234a1b2c3d4c0ff32322e30");
    expect(server.requests).toEqual([]);
  });

  it("shows whole degrees as floats in every format (E30, E31, E33)", async () => {
    const { server } = await station().registered();
    const hex = async (accept: number) => toHex((await server.ask("GET", { path: "/3303/0/5700", accept })).payload);
    expect(await hex(Format.Cbor)).toMatch(/^(f94d80|fa41b00000|fb4036000000000000)$/);
    expect(await hex(Format.SenmlCbor)).toMatch(/(f94d80|fa41b00000|fb4036000000000000)$/);
    expect(await hex(Format.Text)).toBe("32322e30");
    expect(await hex(Format.Tlv)).toMatch(/^(e4164441b00000|e81644084036000000000000)$/);
  });

  it("gives the same values in every structured format", async () => {
    const { server } = await station().registered();
    for (const accept of [Format.Tlv, Format.SenmlJson, Format.SenmlCbor, Format.Json, Format.LwM2mCbor]) {
      const answer = await server.ask("GET", { path: "/3303/0", accept });
      expect(answer).toMatchObject({ code: "2.05", format: accept });
      expect(values(answer, path(3303, 0))).toEqual({ "/3303/0/5700": 22, "/3303/0/5701": "Cel" });
    }
  });

  it("refuses formats it does not know, or that cannot carry what is asked for (E28, E37)", async () => {
    const { server } = await station().registered();
    for (const [where, accept] of [
      ["/3303/0/5700", Format.SenmlEtchJson],
      ["/3303/0/5700", Format.SenmlEtchCbor],
      ["/3303/0/5700", 9999],
      ["/3303/0", Format.Text],
      ["/3303", Format.Cbor],
      ["/3/0/7", Format.Text],
      ["/3/0/0", Format.Opaque],
    ] as const)
      expect((await server.ask("GET", { path: where, accept })).code, `${where} as ${accept}`).toBe("4.06");
  });

  it("answers 4.04 where nothing is, and where nothing has been measured yet", async () => {
    const { server } = await station().registered();
    for (const where of [
      "/9",
      "/3303/1",
      "/3303/0/5518",
      "/3303/0/9999",
      "/3/0/7/3",
      "/3/0/3",
      "/65535",
      "/03",
      "/x",
      "/.well-known/core",
    ])
      expect((await server.ask("GET", { path: where })).code, where).toBe("4.04");
  });

  it("answers 4.05 to what can only be executed (E60)", async () => {
    const { server } = await station().registered();
    expect((await server.ask("GET", { path: "/3303/0/5605" })).code).toBe("4.05");
    expect((await server.ask("GET", { path: "/3/0/4" })).code).toBe("4.05");
    expect((await server.ask("GET", { path: "/1/0/8" })).code).toBe("4.05");
  });

  it("leaves out of an Instance what the server may not read (E60)", async () => {
    const { server, set } = await station({
      fill: (tree, clock) => {
        tree.addInstance(path(5, 0));
        tree.set(path(5, 0, 0), new Uint8Array(3), clock.now());
        tree.set(path(5, 0, 3), 0, clock.now());
      },
    }).registered();
    set([5, 0, 5], 1);
    const answer = await server.ask("GET", { path: "/5/0" });
    expect(values(answer, path(5, 0))).toEqual({ "/5/0/3": 0, "/5/0/5": 1 });
    expect((await server.ask("GET", { path: "/5/0/0" })).code).toBe("4.05");
  });

  it("keeps Security to itself, whatever is asked (E59)", async () => {
    const { server } = await station({ fill: (tree) => tree.addInstance(path(0, 0)) }).registered();
    for (const where of ["/0", "/0/0", "/0/0/0", "/21/0"]) {
      expect((await server.ask("GET", { path: where })).code).toBe("4.01");
      expect((await server.ask("GET", { path: where, observe: 0 })).code).toBe("4.01");
      expect((await server.ask("GET", { path: where, accept: 40 })).code).toBe("4.01");
      expect((await server.ask("PUT", { path: where, payload: "x", format: 0 })).code).toBe("4.01");
      expect((await server.ask("PUT", { path: where, query: ["pmin=1"] })).code).toBe("4.01");
      expect((await server.ask("POST", { path: where })).code).toBe("4.01");
      expect((await server.ask("DELETE", { path: where })).code).toBe("4.01");
    }
  });

  it("shows the account as Object 1", async () => {
    const { server } = await station({ account: { defaultMaximumPeriod: 60 } }).registered();
    expect(values(await server.ask("GET", { path: "/1" }), path(1))).toEqual({
      "/1/0/0": 123,
      "/1/0/1": 300,
      "/1/0/3": 60,
      "/1/0/5": 86_400,
      "/1/0/6": true,
      "/1/0/7": "U",
      "/1/0/23": false,
    });
    expect(await server.ask("GET", { path: "/1/0/1" })).toMatchObject({ code: "2.05", text: "300" });
    expect((await server.ask("GET", { path: "/1/0/2" })).code).toBe("4.04");
    expect((await server.ask("GET", { path: "/1/1" })).code).toBe("4.04");
  });

  it("knows Resource Instances since 1.1 only (E65)", async () => {
    const { server } = await station({ account: { version: "1.0" } }).registered();
    expect((await server.ask("GET", { path: "/3/0/7/0" })).code).toBe("4.00");
    expect((await server.ask("GET", { path: "/3/0/7" })).code).toBe("2.05");
  });

  it("takes a single value given for a multiple Resource as its first Instance", async () => {
    const { server, set } = await station().registered();
    set([3, 0, 6], 1);
    expect(values(await server.ask("GET", { path: "/3/0/6" }), path(3, 0, 6))).toEqual({ "/3/0/6/0": 1 });
  });

  it("gives an old measurement with its time where the format has one, and a fresh one without", async () => {
    const { server, clock, set } = await station().registered();
    const measured = clock.now().ms;
    set([3303, 0, 5700], 23);
    const fresh = await server.ask("GET", { path: "/3303/0/5700", accept: Format.SenmlJson });
    expect(JSON.parse(fresh.text)).toEqual([{ bn: "/3303/0/5700", v: 23 }]);
    await clock.advance(60_000);
    const old = await server.ask("GET", { path: "/3303/0", accept: Format.SenmlJson });
    const nodes = codecOf(Format.SenmlJson)!.decode(old.payload, path(3303, 0), (at) => models.resource(at));
    // One time for all (E39): that of the newest.
    expect(nodes.map(({ time }) => time)).toEqual([measured / 1_000, measured / 1_000]);
    expect(await server.ask("GET", { path: "/3303/0/5700" })).toMatchObject({ code: "2.05", text: "23.0" });
  });

  it("gives no time that nobody can vouch for, and none with what the client says of itself", async () => {
    const { server, clock, tree } = await station().registered();
    tree.set(path(3303, 0, 5700), 5, { ms: 1_000, trusted: false });
    await clock.advance(60_000);
    const untrusted = await server.ask("GET", { path: "/3303/0/5700", accept: Format.SenmlJson });
    expect(untrusted.text).not.toContain('"t"');
    expect(untrusted.text).not.toContain('"bt"');
    const device = await server.ask("GET", { path: "/3/0/0", accept: Format.SenmlJson });
    expect(JSON.parse(device.text)).toEqual([{ bn: "/3/0/0", vs: "Ruuvi" }]);
  });

  it("shows Objects that no registry describes, by the look of their values", async () => {
    const { server } = await station({
      fill: (tree, clock) => {
        tree.addInstance(path(65_000, 0));
        tree.set(path(65_000, 0, 1), 7, clock.now());
        tree.set(path(65_000, 0, 2), "seven", clock.now());
        tree.set(path(65_000, 0, 3), true, clock.now());
        tree.set(path(65_000, 0, 4), Uint8Array.of(7), clock.now());
        tree.set(path(65_000, 0, 5), 7n, clock.now());
        tree.set(path(65_000, 0, 6), { object: 3, instance: 0 }, clock.now());
      },
    }).registered();
    const texts: string[] = [];
    for (const id of [1, 2, 3, 5, 6]) texts.push((await server.ask("GET", { path: `/65000/0/${id}` })).text);
    expect(texts).toEqual(["7.0", "seven", "1", "7", "3:0"]);
    expect(await server.ask("GET", { path: "/65000/0/4" })).toMatchObject({ format: 42 });
  });

  it("does not give away a value of the wrong type, and does not fall over it", async () => {
    const { server, set } = await station().registered();
    set([3303, 0, 5700], "warm");
    expect((await server.ask("GET", { path: "/3303/0/5700" })).code).toBe("5.00");
    expect((await server.ask("GET", { path: "/3303/0" })).code).toBe("5.00");
  });

  it("does not show values outside of any Instance", async () => {
    const { server, set } = await station().registered();
    set([3304, 0, 5700], 50);
    expect((await server.ask("GET", { path: "/3304/0/5700" })).code).toBe("4.04");
    expect((await server.ask("GET", { path: "/3304" })).code).toBe("4.04");
  });

  it("reads an Instance that is empty as empty, not as absent", async () => {
    const { server } = await station({
      fill: (tree, clock) => {
        thermometer(tree, clock);
        tree.addInstance(path(3304, 0));
      },
    }).registered();
    expect(await server.ask("GET", { path: "/3304/0" })).toMatchObject({ code: "2.05", format: 11542, text: "" });
  });
});
