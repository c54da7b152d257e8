/** Bad input without end: nothing throws, nothing grows, and the good sensors are told of in time. */

import { beforeEach, describe, expect, it } from "vitest";
import type { Payload } from "../../src/sdk/adapter.ts";
import { Rig, ruuvi } from "../gateway/rig.ts";
import { json, line, observeAll, readTlv, serviceHex, tag } from "../support/journey.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const GOOD = Array.from({ length: 10 }, (_, i) => `C0:00:00:00:00:${String(10 + i)}`);
const nameOf = (address: string) => `ruuvi-${address.replaceAll(":", "").toLowerCase()}`;
const VALUE = "/3303/0/5700";
const MAX_INBOX = 200;

/** Words that definitions listen for, so that nonsense gets past the first look. */
const TOPICS = [
  "zigbee2mqtt/desk",
  "zigbee2mqtt/cellar",
  "tele/shed/SENSOR",
  "stat/x/STATUS8",
  "a/b",
  "",
  "tele//SENSOR",
];
const WORDS = [
  "temperature",
  "humidity",
  "state",
  "power",
  "model",
  "Temperature",
  "TempUnit",
  "__proto__",
  "constructor",
];
const SENTENCES = [
  "$GPRMC,",
  "$GNGGA,",
  "T1,",
  "T9,-,,",
  "!AIVDM,",
  "$GPGSV,3,1,11,",
  "\u0000",
  "T1,1e999,1e999,1e999",
];
const SERVICES = ["0000fcd2", "0000181a", "0000feaa"].map((each) => `${each}-0000-1000-8000-00805f9b34fb`);

class Nonsense {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  payload(): Payload {
    const random = this.#random;
    switch (random.below(8)) {
      case 0:
        return this.#advert();
      case 1:
        return { kind: "bytes", bytes: random.bytes(random.below(300)) };
      case 2:
        return { kind: "text", text: random.pick(SENTENCES) + this.#text(random.below(120)) };
      case 3:
        return { kind: "message", topic: random.pick(TOPICS), body: random.bytes(random.below(200)) };
      case 4:
        return json(random.pick(TOPICS), this.#value(4));
      case 5:
        return { kind: "registers", values: new Map([[this.#text(6), random.bytes(random.below(9))]]) };
      case 6:
        return { kind: "fields", fields: this.#fields() };
      default:
        return this.#damaged();
    }
  }

  /** As a fuzzer would: a sound frame with some of its bytes exchanged. */
  #damaged(): Payload {
    const random = this.#random;
    const sound = random.pick([tag(20, 7), serviceHex("181a", "5601CF38C1A4 4008 BD13 470C 64 CC 0F")]);
    if (sound.kind !== "advert") return sound;
    const spoilt = (data: Uint8Array) => data.map((byte) => (random.below(6) === 0 ? random.below(256) : byte));
    return {
      ...sound,
      manufacturer: sound.manufacturer.map(([company, data]) => [company, spoilt(data)] as const),
      services: new Map([...sound.services].map(([uuid, data]) => [uuid, spoilt(data)])),
    };
  }

  #advert(): Payload {
    const random = this.#random;
    const company = random.pick([0x0499, 0x004c, random.below(65_536)]);
    return {
      kind: "advert",
      ...(random.below(2) === 0 && { name: this.#text(random.below(40)) }),
      manufacturer: [[company, random.bytes(random.below(40))]],
      services: new Map([[random.pick(SERVICES), random.bytes(random.below(30))]]),
      serviceUuids: [],
    };
  }

  #fields(): Record<string, string | number | boolean> {
    const random = this.#random;
    const models = ["climate", "relay", "meter", "gnss", "quiet", "value", "none"];
    const values: Record<string, string | number | boolean> = { model: random.pick(models) };
    for (let i = random.below(6); i > 0; i--)
      values[random.pick(WORDS)] = random.pick([Number.NaN, Infinity, -1e308, "21", "", true, random.unit() * 100]);
    return values;
  }

  #value(depth: number): unknown {
    const random = this.#random;
    if (depth === 0 || random.below(4) === 0)
      return random.pick([null, true, -0, -1e308, 21.5, "", "NaN", "21.5", this.#text(20), [], {}]);
    if (random.below(3) === 0) return Array.from({ length: random.below(4) }, () => this.#value(depth - 1));
    return Object.fromEntries(
      Array.from({ length: random.below(5) }, () => [random.pick(WORDS), this.#value(depth - 1)] as const),
    );
  }

  #text(length: number): string {
    return Buffer.from(this.#random.bytes(length)).toString("latin1");
  }
}

/** Ten tags that ten servers observe, and the storm around them. */
async function observed() {
  const rig = await Rig.start({ rules: [{ adapter: "radio", definition: "ruuvi.*", source: "C0:*" }] });
  const good = [];
  for (const [i, address] of GOOD.entries()) {
    await rig.heard(`radio/${address}`, tag(20 + i, 0), -50);
    const value = await observeAll(rig.server(nameOf(address)), VALUE);
    await observeAll(rig.server(nameOf(address)), "/3303/0", 112);
    good.push({ address, value });
  }
  return { rig, good };
}

describe("a storm of twenty thousand frames of nonsense", () => {
  let { rig, good }: Partial<Awaited<ReturnType<typeof observed>>> = {};
  beforeEach(async () => {
    ({ rig, good } = await observed());
  });

  it.each([1, 2])(
    "from everywhere (seed %i) leaves the good sensors their cadence, and memory its bounds",
    async (seed) => {
      if (!rig || !good) throw new Error("not started");
      const random = new SeededRandom(seed);
      const nonsense = new Nonsense(seed);
      const told = new Map<string, string[]>(good.map(({ address }) => [address, [] as string[]]));
      for (let round = 1; round <= 20; round++) {
        for (let i = 0; i < 1_000; i++) {
          const adapter = random.pick(["radio", "sim"]);
          rig.hear(`${adapter}/${random.below(5_000)}`, nonsense.payload(), -40 - random.below(60));
        }
        await rig.clock.advance(3_000);
        for (const [i, { address }] of good.entries()) {
          rig.hear(`radio/${address}`, tag(20 + i + round / 10, round), -50);
          told.get(address)?.push((20 + i + round / 10).toFixed(1));
        }
        await rig.clock.advance(10);
        expect(rig.gateway.inbox().length).toBeLessThanOrEqual(MAX_INBOX);
      }
      for (const { address, value } of good) {
        expect(value.texts().slice(1).map(Number)).toEqual(told.get(address)?.map(Number));
        expect(rig.gateway.sensor(nameOf(address))).toMatchObject({ liveness: "live" });
      }
      expect(rig.gateway.status()).toMatchObject({ sensors: { total: 10, live: 10 } });
      expect(rig.gateway.status().counters["frames"]).toBe(20_000 + 200 + 10);
      expect(rig.log.events("error")).toEqual([]);
    },
  );

  it("from the very addresses of the good sensors never becomes a value that nobody measured", async () => {
    if (!rig || !good) throw new Error("not started");
    const nonsense = new Nonsense(9);
    for (let i = 0; i < 20_000; i++) {
      const payload = nonsense.payload();
      // What is a sound frame by its looks cannot be told from one; everything else can.
      const data = payload.kind === "advert" ? payload.manufacturer[0] : undefined;
      if (data?.[0] === 0x0499 && [3, 5, 6].includes(data[1][0] ?? 0)) continue;
      rig.hear(`radio/${GOOD[i % 10] ?? ""}`, payload, -50);
    }
    await rig.clock.advance(1_000);
    for (const [i, { address, value }] of good.entries()) {
      expect(value.texts().map(Number)).toEqual([20 + i]);
      expect(await readTlv(rig.server(nameOf(address)), "/3303/0")).toMatchObject({ [VALUE]: 20 + i });
    }
    expect(rig.gateway.sensors()).toHaveLength(11);
    expect(rig.log.lines.length).toBeLessThan(25_000);
  });

  it("can be adopted, listed and shown: nothing of it breaks a reader", async () => {
    if (!rig) throw new Error("not started");
    const random = new SeededRandom(4);
    const nonsense = new Nonsense(4);
    for (let i = 0; i < 3_000; i++) rig.hear(`sim/${random.below(300)}`, nonsense.payload(), -40 - random.below(60));
    for (const { source } of rig.gateway.inbox()) {
      const result = await rig.gateway.adopt(source);
      if (!result.ok) expect(result.reason).not.toBe("");
    }
    for (let i = 0; i < 3_000; i++) rig.hear(`sim/${random.below(300)}`, nonsense.payload(), -40 - random.below(60));
    await rig.clock.advance(5_000);
    const shown: unknown = JSON.parse(
      JSON.stringify([rig.gateway.sensors(), rig.gateway.inbox(), rig.gateway.status()]),
    );
    expect(shown).toBeDefined();
    for (const { endpoint, values } of rig.gateway.sensors()) {
      const server = rig.server(endpoint);
      for (const instance of new Set(Object.keys(values).map((path) => path.split("/").slice(0, 3).join("/")))) {
        const answer = await server.ask("GET", { path: instance, accept: 112 });
        expect([endpoint, instance, answer.code]).toEqual([endpoint, instance, "2.05"]);
      }
    }
    expect(rig.log.events("error")).toEqual([]);
  });
});

describe("strangers", () => {
  it("are two hundred at most, however many there are, the strongest of them", async () => {
    const rig = await Rig.start();
    for (let i = 0; i < 300; i++) rig.hear(`radio/AA:00:00:00:${String(i)}`, ruuvi(i), -100 + (i % 60));
    const inbox = rig.gateway.inbox();
    expect(inbox).toHaveLength(MAX_INBOX);
    // A third is turned away: those that are hardly heard.
    expect(Math.min(...inbox.map(({ rssi }) => rssi ?? 0))).toBeGreaterThanOrEqual(-81);
    expect(rig.gateway.status().counters).toMatchObject({ strangers: 300 });
  });

  it("that nobody can decode have a corner only, and those who can be decoded the room", async () => {
    const rig = await Rig.start();
    for (let i = 0; i < 300; i++) rig.hear(`radio/phone-${i}`, line(`nobody knows ${i}`), -30);
    const phones = rig.gateway.inbox().length;
    expect(phones).toBeLessThanOrEqual(40);
    for (let i = 0; i < 300; i++) rig.hear(`radio/AA:00:00:00:${String(i)}`, ruuvi(i), -100);
    expect(rig.gateway.inbox()).toHaveLength(MAX_INBOX);
    expect(rig.gateway.inbox().filter(({ definition }) => definition === undefined).length).toBeLessThanOrEqual(40);
  });

  it("are forgotten when they fall silent, and never written to disk", async () => {
    const rig = await Rig.start();
    for (let i = 0; i < 300; i++) rig.hear(`radio/AA:00:00:00:${String(i)}`, ruuvi(i), -60);
    await rig.clock.advance(16 * 60_000);
    expect(rig.gateway.inbox()).toEqual([]);
    await rig.gateway.stop();
    expect(rig.store.text ?? "").not.toContain("AA:00");
  });

  it("in any number do not keep a rule from taking in whom it names", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "radio", source: "C0:*" }] });
    for (let i = 0; i < 5_000; i++) rig.hear(`radio/AA:00:00:00:${String(i)}`, ruuvi(i), -30);
    await rig.heard(`radio/${GOOD[0] ?? ""}`, tag(20, 1), -99);
    expect(rig.gateway.status()).toMatchObject({ inbox: MAX_INBOX, sensors: { total: 1 } });
  });
});

describe("a server that asks nonsense", () => {
  it("is answered or rejected, and neither the sensor nor its other server notices", async () => {
    const { rig, good } = await observed();
    const random = new SeededRandom(11);
    const [first] = good;
    const near = rig.wires.findLast(({ endpoint }) => endpoint === nameOf(first?.address ?? ""))?.near;
    for (let i = 0; i < 20_000; i++) {
      const datagram = random.bytes(random.below(40));
      // Half of them look like CoAP, of version 1, with a request inside.
      if (i % 2 === 0 && datagram.length >= 4) {
        datagram[0] = 0x40 | (datagram[0]! & 0x3f);
        datagram[1] = 1 + random.below(7);
      }
      near?.receive(datagram);
    }
    await rig.clock.advance(1_000);
    rig.hear(`radio/${first?.address ?? ""}`, tag(33, 99), -50);
    expect(rig.value(nameOf(first?.address ?? ""), VALUE)).toBe(33);
    expect(rig.log.events("error")).toEqual([]);
    await rig.clock.advance(400_000);
    expect(rig.gateway.sensor(nameOf(first?.address ?? ""))?.registration.state).toBe("registered");
  });
});
