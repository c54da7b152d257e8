import { describe, expect, it } from "vitest";
import { bleAdapter } from "../../src/adapters/ble.ts";
import type { Advert, OpenRadio, Radio, RadioHealth, RadioSettings } from "../../src/io/hci.ts";
import { createHarness, type Harness } from "../../src/sdk/testing.ts";
import { describeAdapter } from "../contract/adapter.ts";

class FakeRadio implements Radio {
  readonly counters = { adverts: 0, malformed: 0, truncated: 0, anonymous: 0, restarts: 0 };
  readonly asked: RadioSettings[] = [];
  state: RadioHealth = { state: "ok" };
  closed = 0;
  #listener: (advert: Advert) => void = () => undefined;

  readonly open: OpenRadio = (settings) => {
    this.asked.push(settings);
    return this;
  };

  onAdvert(listener: (advert: Advert) => void): void {
    this.#listener = listener;
  }

  health(): RadioHealth {
    return this.state;
  }

  async close(): Promise<void> {
    this.closed += 1;
  }

  hear(advert: Partial<Advert>): void {
    this.#listener({
      address: ONE,
      random: true,
      scanResponse: false,
      manufacturer: [],
      services: new Map(),
      serviceUuids: [],
      ...advert,
    });
  }
}

const ONE = "CB:B8:33:4C:88:4F";
const data = [[0x0499, Uint8Array.of(5)]] as const;

async function listening(extra: object = {}): Promise<{ radio: FakeRadio; harness: Harness }> {
  const radio = new FakeRadio();
  return { radio, harness: await createHarness(bleAdapter(radio.open), extra) };
}

const contractRadio = new FakeRadio();
describeAdapter("ble", {
  plugin: bleAdapter(contractRadio.open),
  config: { device: "hci1" },
  speak: () => contractRadio.hear({ manufacturer: data }),
});

describe("the ble adapter", () => {
  it("makes a frame of every advert, with its signal strength", async () => {
    const { radio, harness } = await listening();
    radio.hear({ manufacturer: data, rssi: -71 });
    expect(harness.frames).toEqual([
      {
        source: ONE,
        at: harness.clock.now(),
        rssi: -71,
        payload: { kind: "advert", manufacturer: data, services: new Map(), serviceUuids: [] },
      },
    ]);
  });

  it("leaves the signal strength out where it is not known", async () => {
    const { radio, harness } = await listening();
    radio.hear({ manufacturer: data });
    expect(harness.frames[0]).not.toHaveProperty("rssi");
  });

  it("adds the name that came in a scan response to the adverts after it", async () => {
    const { radio, harness } = await listening();
    radio.hear({ scanResponse: true, name: "Ruuvi 884F" });
    expect(harness.frames).toEqual([]);
    radio.hear({ manufacturer: data });
    expect(harness.frames[0]?.payload).toMatchObject({ name: "Ruuvi 884F", manufacturer: data });
  });

  it("prefers the name that an advert carries itself", async () => {
    const { radio, harness } = await listening();
    radio.hear({ manufacturer: data, name: "old" });
    radio.hear({ manufacturer: data, name: "new" });
    radio.hear({ manufacturer: data });
    expect(harness.frames.map(({ payload }) => payload.kind === "advert" && payload.name)).toEqual([
      "old",
      "new",
      "new",
    ]);
  });

  it("says nothing of adverts that say nothing, but shows those with a name alone", async () => {
    const { radio, harness } = await listening();
    radio.hear({});
    radio.hear({ name: "Bob" });
    expect(harness.frames).toHaveLength(1);
  });

  it("remembers the names of no more than a thousand devices or so", async () => {
    const { radio, harness } = await listening();
    radio.hear({ name: "first", manufacturer: data });
    for (let i = 0; i < 2_000; i++) radio.hear({ address: `C0:00:00:00:00:${i}`, name: `n${i}`, manufacturer: data });
    radio.hear({ manufacturer: data });
    expect(harness.frames.at(-1)?.payload).not.toHaveProperty("name");
  });

  it("is as well as its radio, and closes it in the end", async () => {
    const { radio, harness } = await listening({ silence: "2m", device: "/dev/ttyAMA0", baud: 921_600 });
    expect(radio.asked).toEqual([{ device: "/dev/ttyAMA0", baud: 921_600, silenceMs: 120_000 }]);
    radio.state = { state: "down", reason: "hci0 is switched off" };
    expect(harness.adapter.health()).toBe(radio.state);
    await harness.stop();
    expect(radio.closed).toBeGreaterThan(0);
  });

  it.each([
    ["a device that is none", { device: "bluetooth" }],
    ["a silence too short to mean anything", { silence: "1s" }],
    ["a silence without a unit", { silence: 90 }],
  ])("refuses settings with %s", async (_what, wrong) => {
    await expect(listening(wrong)).rejects.toThrow();
  });
});
