/** SwitchBot and the like: the model stands in a scan response, the values in adverts that do not name it. */

import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import type { Payload } from "../../../src/sdk/adapter.ts";
import { MemoryStore, Rig } from "../rig.ts";

const SERVICE = "0000fd3d-0000-1000-8000-00805f9b34fb";

/** An Indoor/Outdoor Meter: with its scan response, or as a scanner hears it that does not ask for one. */
const meter = (manufacturer: string, service?: string): Payload => ({
  kind: "advert",
  manufacturer: [[0x0969, fromHex(manufacturer)]],
  services: new Map(service === undefined ? [] : [[SERVICE, fromHex(service)] as const]),
  serviceUuids: [],
});

const WARM = "AABBCCDDEEFF8B0305993200";
const COLD = "AABBCCDDEEFFE30F090F2A00";
const AT = "radio/AA:BB:CC:DD:EE:FF";
const ENDPOINT = "switchbot-aabbccddeeff";
const TEMPERATURE = "/3303/0/5700";

async function adopted(store: MemoryStore): Promise<Rig> {
  const rig = await Rig.start({ store });
  await rig.heard(AT, meter(WARM, "770064"));
  expect(await rig.gateway.adopt(AT)).toMatchObject({ ok: true, sensor: { definition: "switchbot.outdoor-meter" } });
  return rig;
}

describe("a device whose model is told in its scan response alone", () => {
  it("goes on being read by adverts that do not tell it", async () => {
    const rig = await adopted(new MemoryStore());
    await rig.heard(AT, meter(COLD));
    expect(rig.value(ENDPOINT, TEMPERATURE)).toBe(-15.9);
    expect(rig.value(ENDPOINT, "/3/0/9")).toBe(100);
    expect(rig.gateway.status().counters).toMatchObject({ foreign: 0 });
  });

  it("is read after a restart by a scanner that asks for no scan response", async () => {
    const store = new MemoryStore();
    await (await adopted(store)).gateway.stop();
    const rig = await Rig.start({ store });
    await rig.heard(AT, meter(COLD));
    expect(rig.value(ENDPOINT, TEMPERATURE)).toBe(-15.9);
  });

  it("is read where the configuration says what it is, though it never does", async () => {
    const rig = await Rig.start({
      sensors: [{ source: AT, definition: "switchbot.outdoor-meter", endpoint: "cellar" }],
    });
    await rig.heard(AT, meter(COLD));
    expect(rig.value("cellar", TEMPERATURE)).toBe(-15.9);
  });

  it("is not taken for it where its service data says that it is another model", async () => {
    const rig = await adopted(new MemoryStore());
    await rig.heard(AT, meter(COLD, "640064440359FFFF42"));
    expect(rig.value(ENDPOINT, TEMPERATURE)).toBe(25.5);
    expect(rig.gateway.status().counters).toMatchObject({ foreign: 1 });
  });
});
