/** An endpoint as the page sees it: every kind of value, as JSON can carry it. */

import { describe, expect, it } from "vitest";
import { plain } from "../../src/gateway/status/snapshot.ts";
import { fields, Rig, ruuvi, TAG } from "./rig.ts";

describe("a value on its way to the page", () => {
  it.each([
    [21.5, 21.5],
    ["text", "text"],
    [true, true],
    [2n ** 63n, "9223372036854775808"],
    [Uint8Array.of(0, 255), "00ff"],
    [{ object: 3, instance: 0 }, "3:0"],
    [{ object: 65_535, instance: 65_535 }, "65535:65535"],
  ])("%o is %o", (value, expected) => {
    expect(plain(value)).toBe(expected);
    expect(JSON.parse(JSON.stringify(plain(value)))).toBe(expected);
  });
});

describe("a sensor on its way to the page", () => {
  it("names its values by the Object where that says more than the Resource", async () => {
    const rig = await Rig.start({ rules: [{ definition: "ruuvi.*" }] });
    await rig.heard(`radio/${TAG}`, ruuvi());
    const { values = {} } = rig.gateway.sensor("ruuvi-cbb8334c884f") ?? {};
    const named = (path: string) => [values[path]?.name, values[path]?.unit];
    expect(named("/3303/0/5700")).toEqual(["Temperature", "Cel"]);
    expect(named("/3304/0/5700")).toEqual(["Humidity", "%RH"]);
    expect(named("/3315/0/5700")).toEqual(["Barometer", "Pa"]);
    expect(named("/3303/0/5601")[0]).toBe("Min Measured Value");
    expect(values["/3303/0/5601"]).not.toHaveProperty("quality");
  });

  it("shows the Vendor's published vector with the published values", async () => {
    const rig = await Rig.start({ rules: [{ definition: "ruuvi.*" }] });
    await rig.heard(`radio/${TAG}`, ruuvi());
    const value = (path: string) => rig.value("ruuvi-cbb8334c884f", path);
    expect(value("/3303/0/5700")).toBe(24.3);
    expect(value("/3304/0/5700")).toBe(53.49);
    expect(value("/3315/0/5700")).toBe(100_044);
  });

  it("says what may be written, and what matters most", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "sim" }] });
    await rig.heard("sim/sim-3", fields({ model: "relay", state: true }));
    expect(rig.gateway.sensor("sim-3")).toMatchObject({
      writable: ["/3306/0/5850"],
      main: ["/3306/0/5850"],
      registration: { observations: 0 },
    });
    await rig.server("sim-3").ask("GET", { path: "/3306/0/5850", accept: 0, observe: 0 });
    expect(rig.gateway.sensor("sim-3")?.registration.observations).toBe(1);
  });

  it("before its first registration waits for its turn at the server that it will register at", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "sim" }] });
    rig.hear("sim/sim-3", fields({ model: "relay", state: true }));
    expect(rig.gateway.sensor("sim-3")?.registration).toEqual({
      state: "registering",
      server: "coap://server",
      lifetimeSeconds: 300,
      observations: 0,
    });
  });

  it("is plain data: nothing of it changes when the sensor does", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "sim" }] });
    await rig.heard("sim/sim-3", fields({ model: "relay", state: true }));
    const before = rig.gateway.sensor("sim-3");
    const text = JSON.stringify(before);
    await rig.heard("sim/sim-3", fields({ model: "relay", state: false }));
    expect(JSON.stringify(before)).toBe(text);
    expect(JSON.parse(text)).toEqual(before);
  });
});
