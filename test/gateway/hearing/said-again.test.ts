/** Sealed messages that somebody says again, word for word, and messages of a key that is not believed yet. */

import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { advert, serviceAdvert } from "../../support/definitions.ts";
import type { Payload } from "../../../src/sdk/adapter.ts";
import { Rig } from "../rig.ts";

const MINUTE = 60_000;
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

/** The sealed example of bthome.io/encryption. */
const BTHOME = serviceAdvert("0000fcd2-0000-1000-8000-00805f9b34fb", bytes("41a47266c95f730011223378237214"));
const BTHOME_KEY = "231d39c1d7cc1ab1aee224cd096db932";
const BTHOME_SOURCE = "radio/54:48:E6:8F:80:A5";

/** A BlueSolar MPPT 75/15, as keshavdv/victron-ble has it. */
const VICTRON = advert(0x02e1, bytes("100242a0016207adceb37b605d7e0ee21b24df5c"));
const VICTRON_KEY = "adeccb947395801a4dd45a2eaa44bf17";
const VICTRON_SOURCE = "radio/C0:11:22:33:44:55";

async function adopted(source: string, definition: string, key: string): Promise<Rig> {
  const sensors = [{ source, definition, endpoint: "one", key: new Secret(key, "test") }];
  return Rig.start({ sensors });
}
const sensor = (rig: Rig) => rig.gateway.sensor("one");

async function heardEach(rig: Rig, source: string, payload: Payload, minutes: number): Promise<void> {
  for (let i = 0; i < minutes; i++) {
    await rig.clock.advance(MINUTE);
    await rig.heard(source, payload);
  }
}

describe("a sealed message that is heard again and again", () => {
  it("shows its values as live while they are fresh", async () => {
    const rig = await adopted(BTHOME_SOURCE, "bthome.v2", BTHOME_KEY);
    await rig.heard(BTHOME_SOURCE, BTHOME);
    expect(rig.value("one", "/3303/0/5700")).toBe(25.06);
    await heardEach(rig, BTHOME_SOURCE, BTHOME, 10);
    expect(sensor(rig)?.liveness).toBe("live");
  });

  it("keeps nothing alive beyond: anybody may have recorded it", async () => {
    const rig = await adopted(BTHOME_SOURCE, "bthome.v2", BTHOME_KEY);
    await rig.heard(BTHOME_SOURCE, BTHOME);
    await heardEach(rig, BTHOME_SOURCE, BTHOME, 32);
    expect(sensor(rig)?.liveness).toBe("stale");
    await heardEach(rig, BTHOME_SOURCE, BTHOME, 120);
    expect(sensor(rig)?.liveness).toBe("gone");
  });
});

describe("a message whose key nothing has proven yet", () => {
  it("does not make its sensor live: there is no value to be live", async () => {
    const rig = await adopted(VICTRON_SOURCE, "victron.solar", VICTRON_KEY);
    await heardEach(rig, VICTRON_SOURCE, VICTRON, 3);
    expect(rig.value("one", "/3316/0/5700")).toBeUndefined();
    expect(sensor(rig)?.liveness).toBe("waiting");
    expect(sensor(rig)?.key?.state).toBeUndefined();
  });
});
