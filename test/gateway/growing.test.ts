/** Sensors whose Objects are known only when they are heard: they grow while they are registered. */

import { describe, expect, it } from "vitest";
import { message } from "../support/definitions.ts";
import { Rig } from "./rig.ts";

const CELLAR = "sim/zigbee2mqtt/cellar";
const says = (values: unknown) => message("zigbee2mqtt/cellar", values);

describe("a sensor that is heard to measure more than before", () => {
  it("shows a further Instance, with its unit, from its first value on", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "sim" }] });
    await rig.heard(CELLAR, says({ temperature: 12 }));
    expect(rig.value("zb-cellar", "/3304/0/5700")).toBeUndefined();
    await rig.heard(CELLAR, says({ temperature: 12, humidity: 71 }));
    expect(rig.value("zb-cellar", "/3304/0/5700")).toBe(71);
    expect(rig.value("zb-cellar", "/3304/0/5701")).toBe("%RH");
    const read = await rig.server("zb-cellar").ask("GET", { path: "/3304/0/5700" });
    expect(read.code).toBe("2.05");
  });

  it("obeys what is executed there", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "sim" }] });
    for (const temperature of [12, 20, 16]) await rig.heard(CELLAR, says({ temperature }));
    expect(rig.value("zb-cellar", "/3303/0/5602")).toBe(20);
    const answer = await rig.server("zb-cellar").ask("POST", { path: "/3303/0/5605" });
    expect(answer.code).toBe("2.04");
    expect(rig.value("zb-cellar", "/3303/0/5601")).toBe(16);
    expect(rig.value("zb-cellar", "/3303/0/5602")).toBe(16);
  });
});
