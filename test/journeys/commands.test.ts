/** From a server's Write to a plug behind a broker and back: one command, one honest answer. */

import { beforeEach, describe, expect, it } from "vitest";
import { Format } from "../../src/content/index.ts";
import { decodeMessage } from "../../src/coap/index.ts";
import type { FakeServer } from "../support/fake-server.ts";
import { BROKER, House } from "../support/house.ts";
import { observeAll, readText, readTlv } from "../support/journey.ts";

const PLUG = "zigbee2mqtt/desk";
const STATE = "/3306/0/5850";
const ON = { path: STATE, format: Format.Text, payload: "1" };
const OFF = { path: STATE, format: Format.Text, payload: "0" };

describe("a Write to a plug behind a broker", () => {
  let house: House;
  let server: FakeServer;

  beforeEach(async () => {
    house = await new House([BROKER], { rules: [{ adapter: "home" }] }).start();
    await house.says(PLUG, { state: "OFF", power: 0 });
    await house.clock.advance(1_000);
    server = house.rig.server("zb-desk");
  });

  const published = () => house.broker.published.map(({ topic, text }) => `${topic} ${text}`);
  const codes = (token: Uint8Array) => server.answers(token).map(({ code }) => code);
  /** The near end of the wire between plug and server. */
  const near = () => house.rig.wires.find(({ endpoint }) => endpoint === "zb-desk")!.near;
  /** The last datagram of the server comes a second time. */
  const again = () => near().receive(near().peer!.sent.findLast((each) => decodeMessage(each).code === 3)!);
  /** Does as it is told, as Zigbee2MQTT does: by publishing the new state. */
  const obey = () => {
    house.broker.onPublish = ({ text }) => {
      const wanted: unknown = JSON.parse(text);
      const state = typeof wanted === "object" && wanted !== null && "state" in wanted ? wanted.state : undefined;
      house.broker.hear(PLUG, JSON.stringify({ state, power: state === "ON" ? 12.5 : 0 }));
    };
  };

  it("is published in the words of the plug, and answered 2.04 when the plug says that it is so", async () => {
    obey();
    const answer = await server.ask("PUT", ON);
    expect(published()).toEqual(['zigbee2mqtt/desk/set {"state":"ON"}']);
    expect([answer.code, answer.type]).toEqual(["2.04", "ACK"]);
    expect(await readText(server, STATE)).toBe("1");
    expect(await readText(server, "/3328/0/5700")).toBe("12.5");
  });

  it.each([
    [Format.Tlv, Uint8Array.of(0xe1, 0x16, 0xda, 0x01)],
    [Format.SenmlJson, '[{"bn":"/3306/0/5850","vb":true}]'],
    [Format.SenmlCbor, Uint8Array.from(Buffer.from("81a2216c2f333330362f302f3538353004f5", "hex"))],
    [Format.Cbor, Uint8Array.of(0xf5)],
  ])("may come in content format %i", async (format, payload) => {
    obey();
    const answer = await server.ask("PUT", { path: STATE, format, payload });
    expect([answer.code, ...published()]).toEqual(["2.04", 'zigbee2mqtt/desk/set {"state":"ON"}']);
  });

  it("changes nothing that a server could see before the plug has spoken", async () => {
    const state = await observeAll(server, STATE);
    const token = server.send("PUT", ON);
    await house.clock.advance(3_000);
    expect(codes(token)).toEqual([]);
    expect(state.texts()).toEqual(["0"]);
    // The plug speaks of other things meanwhile: that is no confirmation.
    await house.says(PLUG, { state: "OFF", power: 0.1 });
    expect(codes(token)).toEqual([]);
    await house.says(PLUG, { state: "ON", power: 7 });
    expect(codes(token)).toEqual(["2.04"]);
    expect(state.texts()).toEqual(["0", "1"]);
  });

  it("is acknowledged at once when it takes longer, and answered by a message of its own", async () => {
    const token = server.send("PUT", ON);
    await house.clock.advance(300);
    expect(server.empties.filter(({ type }) => type === "ACK")).toHaveLength(1);
    await house.says(PLUG, { state: "ON", power: 7 });
    expect(server.answers(token)).toMatchObject([{ code: "2.04", type: "CON" }]);
    await house.clock.advance(60_000);
    expect(server.answers(token)).toHaveLength(1);
  });

  it("is answered 4.00 if the broker refuses, with the reason", async () => {
    house.broker.refuse = "not authorised";
    const answer = await server.ask("PUT", ON);
    expect([answer.code, answer.text]).toEqual(["4.00", "not authorised"]);
    expect(await readText(server, STATE)).toBe("0");
  });

  it("is answered 5.04 if the plug keeps silent, and what it says later counts as what it says", async () => {
    const state = await observeAll(server, STATE);
    const token = server.send("PUT", ON);
    await house.clock.advance(5_500);
    expect(codes(token)).toEqual(["5.04"]);
    expect(state.texts()).toEqual(["0"]);
    await house.says(PLUG, { state: "ON", power: 7 });
    expect(state.texts()).toEqual(["0", "1"]);
    expect(codes(token)).toEqual(["5.04"]);
  });

  it("is answered 5.04 if the broker never acknowledges", async () => {
    house.broker.mute = true;
    const token = server.send("PUT", ON);
    await house.clock.advance(31_000);
    expect(codes(token)).toEqual(["5.04"]);
    house.broker.mute = false;
    obey();
    expect((await server.ask("PUT", OFF)).code).toBe("2.04");
  });

  it("that arrives twice is carried out once, and answered twice with the same bytes", async () => {
    obey();
    await server.ask("PUT", ON);
    const first = near().sent.at(-1)!;
    again();
    await house.clock.advance(10);
    expect(published()).toHaveLength(1);
    expect(near().sent.at(-1)).toEqual(first);
    expect(near().sent.at(-1)).not.toBe(first);
  });

  it("that arrives again while the plug thinks is carried out once", async () => {
    const token = server.send("PUT", ON);
    again();
    await house.clock.advance(1_000);
    again();
    await house.clock.advance(1_000);
    await house.says(PLUG, { state: "ON", power: 7 });
    again();
    await house.clock.advance(1_000);
    expect(published()).toHaveLength(1);
    expect(codes(token)).toEqual(["2.04"]);
  });

  it("waits for the one before it, and both end as the plug says", async () => {
    const first = server.send("PUT", ON);
    const second = server.send("PUT", OFF);
    await house.clock.advance(500);
    expect(published()).toEqual(['zigbee2mqtt/desk/set {"state":"ON"}']);
    await house.says(PLUG, { state: "ON", power: 7 });
    expect([codes(first), codes(second)]).toEqual([["2.04"], []]);
    expect(published()).toHaveLength(2);
    await house.says(PLUG, { state: "OFF", power: 0 });
    expect(codes(second)).toEqual(["2.04"]);
    expect(await readText(server, STATE)).toBe("0");
  });

  it("does not have to wait for a plug that is silent longer than it said", async () => {
    const tokens = [ON, OFF, ON].map((each) => server.send("PUT", each));
    await house.clock.advance(16_000);
    expect(tokens.map(codes)).toEqual([["5.04"], ["5.04"], ["5.04"]]);
    expect(published()).toHaveLength(3);
  });

  it("does not hold up reading, observing, or the sensor's own words", async () => {
    server.send("PUT", ON);
    await house.clock.advance(500);
    expect(await readTlv(server, "/3328/0")).toMatchObject({ "/3328/0/5700": 0 });
    const power = await observeAll(server, "/3328/0/5700");
    await house.says(PLUG, { state: "OFF", power: 3 });
    expect(power.texts()).toEqual(["0.0", "3.0"]);
  });

  it("under way when the plug is removed is forgotten with it", async () => {
    server.send("PUT", ON);
    await house.clock.advance(500);
    const removing = house.rig.gateway.remove("zb-desk");
    await house.clock.advance(6_000);
    expect(await removing).toBe(true);
    expect(house.rig.told("zb-desk").at(-1)).toBe("DELETE /rd/r1");
    expect(house.log.events("error")).toEqual([]);
    expect(house.rig.log.events("error")).toEqual([]);
  });

  it("under way when the gateway stops does not hold it up", async () => {
    server.send("PUT", ON);
    await house.clock.advance(500);
    await house.stop();
    expect(house.rig.told("zb-desk").at(-1)).toBe("DELETE /rd/r1");
    expect(house.rig.log.events("error")).toEqual([]);
  });

  it("to what the plug only measures is refused, and nothing is published", async () => {
    for (const path of ["/3328/0/5700", "/3328/0/5701", "/3306/0/5518"])
      expect([path, (await server.ask("PUT", { path, format: 0, payload: "1" })).code]).toEqual([path, "4.05"]);
    expect((await server.ask("PUT", { ...ON, payload: "2" })).code).toBe("4.00");
    expect((await server.ask("DELETE", { path: "/3306/0" })).code).toBe("4.05");
    expect(published()).toEqual([]);
  });
});

describe("a Write to a simulated relay", () => {
  it("is obeyed and confirmed by the simulator itself", async () => {
    const house = await new House([{ name: "sim", type: "simulator", settings: { sensors: 5, interval: "1s" } }], {
      rules: [{ adapter: "sim", source: "sim-*" }],
    }).start();
    await house.clock.advance(3_000);
    const relay = [...house.rig.servers.keys()].find((each) => house.rig.value(each, STATE) !== undefined)!;
    const server = house.rig.server(relay);
    for (const value of ["1", "0", "1"]) {
      const token = server.send("PUT", { ...ON, payload: value });
      await house.clock.advance(3_000);
      expect(server.answers(token)).toMatchObject([{ code: "2.04" }]);
      expect(await readText(server, STATE)).toBe(value);
    }
    await house.stop();
  });
});
