import { afterEach, describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { type Advert, type Radio, radios } from "../../src/io/hci.ts";
import type { OpenSerial } from "../../src/io/serial.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import {
  ad,
  completed,
  event,
  extendedEvent,
  joined,
  legacyEvent,
  VirtualController,
} from "../support/virtual-controller.ts";

const RUUVI = "CB:B8:33:4C:88:4F";
/** Ruuvi's own vector of data format 5, as docs.ruuvi.com shows it, after the company identifier 0x0499. */
const RUUVI_DF5 = "0512fc5394c37c0004fffc040cac364200cdcbb8334c884f";
const ruuvi = joined(ad(0x01, "06"), ad(0xff, `9904${RUUVI_DF5}`));

const noSerial: OpenSerial = () => Promise.reject(new Error("no serial line in this test"));

interface Stage {
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  readonly radio: Radio;
  readonly adverts: Advert[];
  /** The controllers that were opened, the newest last. */
  readonly opened: VirtualController[];
}

const open: Radio[] = [];
afterEach(async () => {
  for (const radio of open.splice(0)) await radio.close();
});

/** Noble's own promises take their turns between our ticks. */
async function turns(clock: FakeClock, ms = 0): Promise<void> {
  await clock.advance(ms);
  await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(0);
}

async function stage(make: () => VirtualController = () => new VirtualController()): Promise<Stage> {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const opened: VirtualController[] = [];
  const native = () => {
    const controller = make();
    opened.push(controller);
    return controller;
  };
  const openRadio = radios({ clock, random: new SeededRandom(3), log, openSerial: noSerial, native });
  const radio = openRadio({ device: "hci0", baud: 115_200, silenceMs: 90_000 });
  open.push(radio);
  const adverts: Advert[] = [];
  radio.onAdvert((advert) => adverts.push(advert));
  await turns(clock);
  await turns(clock);
  return { clock, log, radio, adverts, opened };
}

describe("a Bluetooth radio over noble's HCI stack", () => {
  it("scans a legacy controller passively, with duplicates", async () => {
    const { radio, opened } = await stage();
    const controller = opened[0]!;
    expect(radio.health()).toEqual({ state: "ok" });
    expect(controller.scanning).toBe(true);
    expect(new Set(controller.parameters(0x200b))).toEqual(new Set(["00120012000000"]));
    expect(controller.parameters(0x200c).at(-1)).toBe("0100");
  });

  it("hears the advert of a RuuviTag, byte for byte", async () => {
    const { radio, opened, adverts } = await stage();
    opened[0]!.hear(legacyEvent({ address: RUUVI, data: ruuvi, rssi: -71 }));
    expect(adverts).toHaveLength(1);
    expect(adverts[0]).toMatchObject({ address: RUUVI, random: true, rssi: -71, scanResponse: false });
    const [company, data] = adverts[0]!.manufacturer[0]!;
    expect([company, toHex(data)]).toEqual([0x0499, RUUVI_DF5]);
    expect(radio.counters).toMatchObject({ adverts: 1, malformed: 0 });
  });

  it("uses extended scanning where the controller has it, on the PHYs it has", async () => {
    const { opened, adverts } = await stage(() => new VirtualController({ extended: true }));
    expect(new Set(opened[0]!.parameters(0x2041))).toEqual(new Set(["0000010012001200"]));
    expect(opened[0]!.parameters(0x2042).at(-1)).toBe("010000000000");
    expect(opened[0]!.parameters(0x2031)).toEqual([]);
    opened[0]!.hear(
      extendedEvent(
        { address: RUUVI, data: ruuvi },
        { address: "A4:C1:38:00:00:01", data: ad(0x16, "d2fc40016102ca09"), addressType: 0 },
      ),
    );
    expect(adverts.map(({ address }) => address)).toEqual([RUUVI, "A4:C1:38:00:00:01"]);
    expect([...adverts[1]!.services.keys()]).toEqual(["0000fcd2-0000-1000-8000-00805f9b34fb"]);
  });

  it("listens on the coded PHY as well, if there is one", async () => {
    const { opened } = await stage(() => new VirtualController({ extended: true, codedPhy: true }));
    expect(new Set(opened[0]!.parameters(0x2041))).toEqual(new Set(["00000500120012000012001200"]));
  });

  it("leaves no trace in the process: no handler, and noble hears of no advert", async () => {
    const listeners = () => [process.listenerCount("SIGINT"), process.listenerCount("exit")];
    const before = listeners();
    const { opened } = await stage();
    opened[0]!.hear(legacyEvent({ address: RUUVI, data: ruuvi }));
    expect(listeners()).toEqual(before);
  });

  it("survives malformed events of every kind, and counts them", async () => {
    const { radio, opened, adverts } = await stage();
    const malformed = [
      "",
      "04",
      "043e",
      "043e0102",
      "043e0202ff",
      "040e00",
      "040f",
      "0413ff",
      "0405",
      "02",
      "043e0a01",
      "01",
    ];
    for (const hex of malformed) opened[0]!.hear(Buffer.from(hex, "hex"));
    opened[0]!.hear(legacyEvent({ address: RUUVI, data: ad(0xff, "99") }));
    opened[0]!.hear(legacyEvent({ address: RUUVI, data: ruuvi }));
    expect(adverts).toHaveLength(1);
    expect(radio.counters.malformed).toBeGreaterThanOrEqual(3);
  });

  it("still hands out the other adverts of an event when one of them is malformed", async () => {
    const { opened, adverts } = await stage();
    opened[0]!.hear(
      legacyEvent({ address: RUUVI, data: ad(0xff, "99") }, { address: "A4:C1:38:00:00:01", data: ruuvi }),
    );
    expect(adverts.map(({ address }) => address)).toEqual(["A4:C1:38:00:00:01"]);
  });
});

describe("a controller gone mad", () => {
  it("cannot throw anything through noble: 20 000 random packets", async () => {
    const { radio, opened } = await stage();
    const random = new SeededRandom(8);
    for (let i = 0; i < 20_000; i++) {
      const packet = random.bytes(random.below(40));
      // A hardware error is taken seriously, and would end the session.
      if (packet.length > 1 && i % 3 === 0) packet.set([4, random.pick([0x05, 0x08, 0x0e, 0x0f, 0x13, 0x3e])]);
      if (packet[1] !== 0x10) opened[0]!.hear(packet);
    }
    expect(radio.counters.malformed).toBeGreaterThan(0);
    opened.at(-1)!.hear(legacyEvent({ address: RUUVI, data: ruuvi }));
  });
});

describe("a radio that cannot listen", () => {
  it("says in words that the kernel has no Bluetooth, and tries again", async () => {
    const failing = () => {
      const controller = new VirtualController();
      controller.bindError = Object.assign(new Error("Address family not supported by protocol"), { errno: 97 });
      return controller;
    };
    const { radio, clock, opened } = await stage(failing);
    const health = radio.health();
    expect(health.state).toBe("down");
    expect(health.state === "down" && health.reason).toMatch(/no Bluetooth sockets.*\/dev\//);
    await turns(clock, 60_000);
    expect(opened.length).toBeGreaterThan(3);
    expect(opened.length).toBeLessThan(12);
  });

  it.each([
    [1, /permission.*CAP_NET_RAW/],
    [13, /permission/],
    [19, /no Bluetooth adapter hci0/],
    [16, /in use/],
    [100, /switched off/],
  ])("puts error %i into words with a next step", async (errno, words) => {
    const { radio } = await stage(() => {
      const controller = new VirtualController();
      controller.bindError = Object.assign(new Error("x"), { errno });
      return controller;
    });
    const health = radio.health();
    expect(health.state === "down" && health.reason).toMatch(words);
  });

  it("says that the adapter is switched off, and listens as soon as it is on", async () => {
    let up = false;
    const { radio, clock } = await stage(() => {
      const controller = new VirtualController();
      controller.up = up;
      return controller;
    });
    const health = radio.health();
    expect(health.state === "down" && health.reason).toMatch(/hci0 is switched off/);
    up = true;
    await turns(clock, 1_000);
    await turns(clock);
    expect(radio.health()).toEqual({ state: "ok" });
  });

  it("notices that the adapter is switched off while it listens", async () => {
    const { radio, clock, opened } = await stage();
    opened[0]!.up = false;
    await turns(clock, 2_500);
    expect(radio.health().state === "down" || opened.length > 1).toBe(true);
    expect(opened[0]!.stopped).toBe(true);
  });

  it("says that the controller does not answer", async () => {
    const { radio, clock } = await stage(() => {
      const controller = new VirtualController();
      controller.mute = true;
      return controller;
    });
    await turns(clock, 2_100);
    const health = radio.health();
    expect(health.state === "down" && health.reason).toMatch(/hci0 does not answer/);
  });

  it("says why the controller refuses to scan", async () => {
    const { radio } = await stage(() => {
      const controller = new VirtualController();
      controller.scanStatus = 0x0c;
      return controller;
    });
    const health = radio.health();
    expect(health.state === "down" && health.reason).toMatch(/refuses to scan \(0x0c, command disallowed/);
  });

  it("reports a hardware error and opens the controller again", async () => {
    const { radio, clock, opened } = await stage();
    opened[0]!.hear(event(0x10, [0x42]));
    expect(radio.health()).toMatchObject({ state: "down", reason: "hci0 reports a hardware error (code 66)" });
    await turns(clock, 1_000);
    await turns(clock);
    expect(opened).toHaveLength(2);
    expect(radio.health()).toEqual({ state: "ok" });
  });

  it("names what a device may be called", async () => {
    const clock = new FakeClock();
    const openRadio = radios({ clock, random: new SeededRandom(1), openSerial: noSerial });
    const radio = openRadio({ device: "bluetooth", baud: 1, silenceMs: 1 });
    await turns(clock);
    expect(JSON.stringify(radio.health())).toMatch(/down.*hci0, or \/dev/);
    await radio.close();
  });
});

describe("a scan", () => {
  it("is taken up again after another program has ended it", async () => {
    const { clock, opened } = await stage();
    const controller = opened[0]!;
    const before = controller.parameters(0x200c).length;
    controller.scanning = false;
    controller.hear(Buffer.from([0x01, 0x0c, 0x20, 2, 0, 1]));
    controller.hear(completed(0x200c, [0]));
    await turns(clock, 1_100);
    expect(controller.scanning).toBe(true);
    expect(controller.parameters(0x200c).length).toBeGreaterThan(before);
  });

  it("is enabled again after the controller was reset", async () => {
    const { clock, opened } = await stage();
    const controller = opened[0]!;
    controller.scanning = false;
    controller.hear(completed(0x0c03, [0]));
    await turns(clock, 600);
    expect(controller.scanning).toBe(true);
  });

  it("is begun again after ninety seconds of silence, and health says so until something is heard", async () => {
    const { radio, clock, opened } = await stage();
    await turns(clock, 80_000);
    expect(radio.health()).toEqual({ state: "ok" });
    await turns(clock, 20_000);
    const health = radio.health();
    expect(health.state).toBe("degraded");
    expect(health.state === "degraded" && health.reason).toMatch(/no advertisement for 90 s.*antenna/);
    expect(radio.counters.restarts).toBe(1);
    opened[0]!.hear(legacyEvent({ address: RUUVI, data: ruuvi }));
    expect(radio.health()).toEqual({ state: "ok" });
  });

  it("is not begun again while adverts come in", async () => {
    const { radio, clock, opened } = await stage();
    for (let minute = 0; minute < 10; minute++) {
      await turns(clock, 60_000);
      opened[0]!.hear(legacyEvent({ address: RUUVI, data: ruuvi }));
    }
    expect(radio.counters.restarts).toBe(0);
  });

  it("that stays silent leads to a fresh opening of the controller, and stays degraded meanwhile", async () => {
    const { radio, clock, opened } = await stage();
    await turns(clock, 600_000);
    await turns(clock);
    expect(opened.length).toBeGreaterThan(1);
    expect(opened[0]!.stopped).toBe(true);
    expect(radio.health().state).toBe("degraded");
  });

  it("ends when the radio is closed, and nothing is heard any more", async () => {
    const { radio, clock, opened, adverts } = await stage();
    await radio.close();
    expect(opened[0]!.scanning).toBe(false);
    expect(opened[0]!.stopped).toBe(true);
    opened[0]!.hear(legacyEvent({ address: RUUVI, data: ruuvi }));
    await turns(clock, 600_000);
    expect(adverts).toEqual([]);
    expect(opened).toHaveLength(1);
  });
});
