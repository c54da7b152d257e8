/** Leshan behind a bad line: what is lost is repeated, what comes twice is done once, what comes late is no trouble. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BadLine, type Fate } from "../support/bad-line.ts";
import type { LeshanClient } from "../support/leshan.ts";
import { DEVICE_SERVER, missing } from "../support/leshan-jars.ts";
import { Rig } from "../support/leshan-rig.ts";
import type { Sensor } from "../support/sensor.ts";

const skipped = await missing(DEVICE_SERVER);
const VALUE = "/3303/0/5700";
const LONG = Array.from({ length: 250 }, (_, i) => `${i} Grüße`).join("; ");

describe.skipIf(skipped !== undefined).each<readonly [string, (index: number) => Fate]>([
  ["that loses every fifth datagram", (index) => (index % 5 === 3 ? "lose" : "pass")],
  ["that doubles every second datagram", (index) => (index % 2 === 0 ? "double" : "pass")],
  ["that delays every third datagram", (index) => (index % 3 === 1 ? "delay" : "pass")],
])("On a line %s", (_, fate) => {
  let rig: Rig;
  let line: BadLine;
  let sensor: Sensor;
  let client: LeshanClient;

  beforeAll(async () => {
    rig = await Rig.start();
    line = await new BadLine(rig.server.port, fate).open();
    sensor = rig.sensor({
      endpoint: "far away",
      accounts: [rig.account({ uri: `coap://127.0.0.1:${line.port}` })],
      parameters: { ackTimeout: 200 },
    });
    client = rig.server.client("far away");
  });
  afterAll(async () => {
    await rig.end();
    line.close();
  });

  it("a client registers, with links that need blocks", async () => {
    for (let i = 2; i < 120; i++) sensor.tree.addInstance(sensor.path(`/3303/${i}`));
    await sensor.start();
    const { links = [] } = await client.heard("registered");
    expect(links.filter((link) => link.startsWith("</3303/"))).toHaveLength(120);
  });

  it("it is read and written, in one datagram and in blocks", async () => {
    expect((await client.ask("read", { path: VALUE, timeout: 25_000 })).values).toEqual({ [VALUE]: 22 });
    const value = [`/3442/0/110|STRING|${LONG}`];
    const write = { path: "/3442/0/110", format: "TLV", mode: "REPLACE", value, timeout: 28_000 };
    expect((await client.ask("write", write)).code).toBe("2.04");
    expect(sensor.get("/3442/0/110")).toBe(LONG);
    const read = { path: "/3442/0/110", format: "SENML_CBOR", timeout: 28_000 };
    expect(await client.ask("read", read)).toMatchObject({ code: "2.05", values: { "/3442/0/110": LONG } });
  });

  it("what is executed is executed once", async () => {
    for (let i = 0; i < 6; i++)
      expect((await client.ask("execute", { path: "/3442/0/3", args: String(i), timeout: 25_000 })).code).toBe("2.04");
    expect(sensor.executed.map(([, args]) => args)).toEqual(["0", "1", "2", "3", "4", "5"]);
  });

  it("the newest value arrives in the end, whatever was lost or late before it (E68)", async () => {
    expect((await client.ask("observe", { path: VALUE, timeout: 25_000 })).code).toBe("2.05");
    await client.ask("attributes", { path: VALUE, attribute: ["pmax=2"], timeout: 25_000 });
    for (let i = 1; i <= 20; i++) sensor.set(VALUE, i + 0.5);
    await client.heard("notified", ({ values }) => values?.[VALUE] === 20.5, 25_000);
  });

  it("a Send arrives, and is answered", async () => {
    const outcome = await sensor.client.send([sensor.path(VALUE), sensor.path("/3/0/9")]);
    expect(outcome.get(123)?.status).toBe("sent");
    await client.heard("sent");
  });
});
