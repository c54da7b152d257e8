/** Observing over a wire that loses one datagram in five, both ways: what must arrive does, and nothing comes twice. */

import { describe, expect, it } from "vitest";
import { fields, Rig } from "../gateway/rig.ts";
import type { FakeServer } from "../support/fake-server.ts";
import { observe, tag } from "../support/journey.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import type { VirtualTransport } from "../support/virtual-network.ts";

const TAG = "radio/CB:B8:33:4C:88:4F";
const NAME = "ruuvi-cbb8334c884f";
const VALUE = "/3303/0/5700";

interface Luck {
  readonly loss: number;
  readonly duplicates: number;
}

/** From now on, both ways, this share of all datagrams is lost or comes twice. Returns the client's end. */
function spoil(rig: Rig, endpoint: string, seed: number, { loss, duplicates }: Luck): VirtualTransport | undefined {
  const random = new SeededRandom(seed);
  const near = rig.wires.findLast((each) => each.endpoint === endpoint)?.near;
  for (const end of [near, near?.peer]) {
    if (!end) continue;
    end.fate = () => {
      const luck = random.unit();
      return luck < loss ? "drop" : luck < loss + duplicates ? "duplicate" : "deliver";
    };
  }
  return near;
}

/** A registered tag, then a wire that loses one datagram in five. */
async function lossy(seed: number) {
  const rig = await Rig.start({ rules: [{ adapter: "radio" }] });
  await rig.heard(TAG, tag(20, 0));
  const near = spoil(rig, NAME, seed, { loss: 0.2, duplicates: 0 });
  let sequence = 0;
  const say = async (temperature: number) => {
    await rig.clock.advance(2_500);
    await rig.heard(TAG, tag(temperature, ++sequence));
  };
  return { rig, near, server: rig.server(NAME), say };
}

/** Asks until it is answered, as a server that knows its trade does: the same message, again. */
async function insist(rig: Rig, server: FakeServer, near: VirtualTransport | undefined, token: Uint8Array) {
  const datagram = near?.peer?.sent.at(-1);
  for (let i = 0; i < 10 && server.answers(token).length === 0; i++) {
    await rig.clock.advance(3_000);
    if (datagram && server.answers(token).length === 0) near?.peer?.send(datagram);
  }
  await rig.clock.advance(100);
  return server.answers(token);
}

const SEEDS = [1, 2, 3, 4, 5, 6];

describe.each(SEEDS)("a wire that loses one datagram in five (seed %i)", (seed) => {
  it("brings the last value with pmax, and every value in the order measured", async () => {
    const { rig, near, server, say } = await lossy(seed);
    const attributes = server.send("PUT", { path: VALUE, query: ["pmin=0", "st=0", "pmax=30"] });
    await insist(rig, server, near, attributes);
    const token = server.send("GET", { path: VALUE, accept: 0, observe: 0 });
    await insist(rig, server, near, token);
    for (let i = 1; i <= 40; i++) await say(20 + i / 10);
    await rig.clock.advance(300_000);
    const told = server.answers(token);
    expect(told.at(-1)?.text).toBe("24.0");
    const numbers = told.map(({ observe: sequence }) => sequence ?? -1);
    // Counted upwards (RFC 7641 §4.4), and each value no older than the one before.
    expect(numbers.every((each, i) => i === 0 || each > numbers[i - 1]!)).toBe(true);
    const values = told.map(({ text }) => Number(text));
    expect(values.every((each, i) => i === 0 || each >= values[i - 1]!)).toBe(true);
    // Some are lost, as NON messages may be, but most are not.
    expect(new Set(values).size).toBeGreaterThan(25);
    expect(new Set(values).size).toBeLessThan(41);
  });

  it("keeps the registration for hours", async () => {
    const { rig } = await lossy(seed);
    await rig.clock.advance(6 * 3_600_000);
    // One Update in 150 fails five times over; even then it registers again.
    expect(["registered", "updating", "registering"]).toContain(rig.gateway.sensor(NAME)?.registration.state);
    const registers = new Set(
      rig
        .server(NAME)
        .requests.filter(({ path }) => path === "/rd")
        .map(({ message }) => message.messageId),
    );
    expect(registers.size).toBeLessThanOrEqual(6);
  });

  it("carries out a Write once, however often it is sent and answered", async () => {
    const relay = (state: boolean) => fields({ model: "relay", state });
    const rig = await Rig.start({ rules: [{ adapter: "sim" }] });
    await rig.heard("sim/sim-1", relay(false));
    const near = spoil(rig, "sim-1", seed, { loss: 0.2, duplicates: 0.3 });
    const server = rig.server("sim-1");
    rig.adapters.obey = async ({ payload }) => {
      if (payload.kind === "fields") rig.hear("sim/sim-1", relay(payload.fields["state"] === true));
      return { status: "done" };
    };
    for (const payload of ["1", "0", "1", "0", "1"]) {
      const before = rig.adapters.commands.length;
      const token = server.send("PUT", { path: "/3306/0/5850", format: 0, payload });
      const answers = await insist(rig, server, near, token);
      expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(["2.04"]));
      expect(rig.adapters.commands.length).toBe(before + 1);
    }
    expect(rig.value("sim-1", "/3306/0/5850")).toBe(true);
  });
});

describe("a Resource that was observed and is gone quiet", () => {
  it("tells that it still is what it was, confirmably, once a day", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "radio" }] });
    await rig.heard(TAG, tag(20, 1));
    const server = rig.server(NAME);
    await server.ask("PUT", { path: VALUE, query: ["pmax=3600"] });
    const value = observe(server, VALUE);
    await rig.clock.advance(25 * 3_600_000);
    const confirmable = value.all().filter(({ type, observe: sequence }) => type === "CON" && sequence !== undefined);
    expect(confirmable).toHaveLength(1);
    expect(value.texts().length).toBeGreaterThanOrEqual(25);
    expect(new Set(value.texts())).toEqual(new Set(["20.0"]));
  });

  it("is given up where nothing is ever acknowledged, while the registration goes on", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "radio" }] });
    await rig.heard(TAG, tag(20, 1));
    const server = rig.server(NAME);
    await server.ask("PUT", { path: VALUE, query: ["pmax=3600"] });
    observe(server, VALUE);
    server.receipt = undefined;
    await rig.clock.advance(3 * 25 * 3_600_000);
    expect(rig.gateway.sensor(NAME)?.registration).toMatchObject({ state: "registered", observations: 0 });
  });
});

describe("a server that says nothing of how often it wants to be told", () => {
  it("is told of every change at once, of nothing that is the same, and of the last one once more before a silence", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "radio" }] });
    await rig.heard(TAG, tag(20, 0));
    const value = observe(rig.server(NAME), VALUE);
    for (const [i, temperature] of [20.005, 20.005, 20.2, 20.2, 20].entries()) {
      await rig.clock.advance(2_500);
      await rig.heard(TAG, tag(temperature, i + 1));
    }
    expect(value.texts()).toEqual(["20.0", "20.005", "20.2", "20.0"]);
    await rig.clock.advance(3_600_000);
    expect(value.texts().slice(4)).toEqual(["20.0"]);
    await rig.clock.advance(3_600_000);
    expect(value.texts()).toHaveLength(5);
  });
});

describe("conditions on the readings of a real tag", () => {
  async function observed(...query: string[]) {
    const rig = await Rig.start({ rules: [{ adapter: "radio" }] });
    await rig.heard(TAG, tag(20, 0));
    const server = rig.server(NAME);
    expect((await server.ask("PUT", { path: VALUE, query })).code).toBe("2.04");
    const value = observe(server, VALUE);
    let sequence = 0;
    const says = async (...temperatures: number[]) => {
      for (const temperature of temperatures) {
        await rig.clock.advance(2_500);
        await rig.heard(TAG, tag(temperature, ++sequence));
      }
    };
    return { rig, value, says, server };
  }

  it("gt tells both crossings", async () => {
    const { value, says } = await observed("pmin=0", "pmax=0", "gt=22.5");
    await says(21, 22, 22.5, 22.505, 24, 23, 22.5, 20);
    expect(value.texts()).toEqual(["20.0", "22.505", "22.5"]);
  });

  it("lt tells both crossings", async () => {
    const { value, says } = await observed("pmin=0", "pmax=0", "lt=4");
    await says(4, 3.995, -20, 3.9, 4.1);
    expect(value.texts()).toEqual(["20.0", "3.995", "4.1"]);
  });

  it("st tells steps from what was told last", async () => {
    const { value, says } = await observed("pmin=0", "pmax=0", "st=1");
    await says(20.5, 20.995, 21, 20.005, 20, 19.5, 18.9);
    expect(value.texts()).toEqual(["20.0", "21.0", "20.0", "18.9"]);
  });

  it("pmin holds back, and the newest value comes at its end", async () => {
    const { rig, value, says } = await observed("pmin=10");
    await says(21, 22, 23);
    expect(value.texts()).toEqual(["20.0"]);
    await rig.clock.advance(3_000);
    expect(value.texts()).toEqual(["20.0", "23.0"]);
  });

  it("st and pmin together tell only what still counts at the end", async () => {
    const { rig, value, says } = await observed("st=2", "pmin=10");
    await says(25, 20.5);
    await rig.clock.advance(30_000);
    expect(value.texts()).toEqual(["20.0"]);
    await says(23);
    expect(value.texts()).toEqual(["20.0", "23.0"]);
  });

  it("a tag that says 'not available' crosses nothing", async () => {
    const { rig, value } = await observed("lt=4", "gt=30");
    await rig.clock.advance(2_500);
    await rig.heard(TAG, tag(undefined, 5));
    expect(value.texts()).toEqual(["20.0"]);
    expect(rig.value(NAME, "/3303/0/6042")).toBe(1);
  });

  it("on the Object hold for all below, until they are others", async () => {
    const rig = await Rig.start({ rules: [{ adapter: "radio" }] });
    await rig.heard(TAG, tag(20, 0));
    const server = rig.server(NAME);
    await server.ask("PUT", { path: "/3303", query: ["pmin=60"] });
    const value = observe(server, VALUE);
    await rig.clock.advance(2_500);
    await rig.heard(TAG, tag(21, 1));
    expect(value.texts()).toEqual(["20.0"]);
    await server.ask("PUT", { path: "/3303", query: ["pmin=0"] });
    await rig.clock.advance(2_500);
    await rig.heard(TAG, tag(22, 2));
    expect(value.texts().at(-1)).toBe("22.0");
  });
});
