/** Sensors that seal what they say: a key that is missing, wrong or right, and the ways it comes in. */

import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { readKey } from "../../../src/gateway/hearing/key.ts";
import { MemoryStore, Rig, type RigOptions } from "../rig.ts";
import { device, devicesOf, KEY, OTHER_KEY, says, sealing } from "./stage.ts";

const SEALED = sealing(device("acme.sealed"));
const LOOSE = sealing(device("acme.loose"), true);
const OPEN = device("acme.open");
const ENDPOINT = "acme-a";
const sealed = (t: number, more = {}) => says("acme.sealed", { seal: 0, t, ...more });

const start = (options: RigOptions = {}) => Rig.start({ devices: devicesOf(SEALED, LOOSE, OPEN), ...options });
const adopted = async (options: RigOptions = {}, by: RigOptions = { rules: [{}] }) => {
  const rig = await start({ ...by, ...options });
  await rig.heard("radio/a", sealed(20));
  return rig;
};
const keyOf = (rig: Rig) => rig.gateway.sensor(ENDPOINT)?.key;
const temperature = (rig: Rig) => rig.value(ENDPOINT, "/3303/0/5700");

describe("a sealed sensor without a key", () => {
  it("says so, gives no value, and is named with the next step", async () => {
    const rig = await adopted();
    expect(temperature(rig)).toBeUndefined();
    expect(keyOf(rig)).toEqual({ state: "missing", where: "In the app, under Product info.", digits: [32, 24] });
    const { sealed: count, problems, counters } = rig.gateway.status();
    expect(count).toBe(1);
    expect(counters["sealed"]).toBe(1);
    expect(problems[0]?.what).toBe("F-1 a seals what it says, and has no key here.");
    expect(problems[0]?.next).toContain("In the app, under Product info.");
  });

  it("is missing its key before it was ever heard, where all that it says is sealed", async () => {
    const rig = await start({ sensors: [{ source: "radio/a", definition: "acme.sealed", endpoint: ENDPOINT }] });
    expect(keyOf(rig)?.state).toBe("missing");
    const other = await start({ sensors: [{ source: "radio/a", definition: "acme.loose", endpoint: ENDPOINT }] });
    expect(keyOf(other)?.state).toBeUndefined();
  });

  it("is not called silent as well, though nothing of it counts as heard", async () => {
    const rig = await adopted();
    await rig.clock.advance(20 * 60_000);
    expect(rig.gateway.status().problems.map(({ what }) => what)).toEqual([
      "F-1 a seals what it says, and has no key here.",
    ]);
  });

  it("tells what it does not seal, if its kind leaves some of it open", async () => {
    const rig = await start({ rules: [{}] });
    await rig.heard("radio/a", says("acme.loose", { t: 21 }));
    expect(temperature(rig)).toBe(21);
    expect(keyOf(rig)?.state).toBeUndefined();
    await rig.heard("radio/a", says("acme.loose", { t: 22, seal: 0 }));
    expect(temperature(rig)).toBe(21);
    expect(keyOf(rig)?.state).toBe("missing");
  });

  it("is logged once, and not with every frame", async () => {
    const rig = await adopted();
    for (let i = 0; i < 5; i++) await rig.heard("radio/a", sealed(20));
    expect(rig.log.events("warn").filter((event) => event === "frame-sealed")).toHaveLength(1);
  });
});

describe("a key from the configuration", () => {
  const configured = (key: string) => ({
    sensors: [{ source: "radio/a", definition: "acme.sealed", endpoint: ENDPOINT, key: new Secret(key, "!file x") }],
  });

  it("opens what the sensor says, and is stored nowhere", async () => {
    const rig = await adopted(configured(KEY), {});
    expect(temperature(rig)).toBe(20);
    expect(keyOf(rig)).toMatchObject({ state: "ok", configured: true });
    await rig.clock.advance(5_000);
    expect(rig.store.text).not.toContain(KEY);
  });

  it("that is wrong is a state and no value, and is corrected where it stands", async () => {
    const rig = await adopted(configured(OTHER_KEY), {});
    expect(temperature(rig)).toBeUndefined();
    expect(keyOf(rig)?.state).toBe("wrong");
    const [problem] = rig.gateway.status().problems;
    expect(problem?.what).toBe("The key of F-1 a does not open what it says.");
    expect(problem?.next).toContain("in the configuration");
    expect(await rig.gateway.changeKey(ENDPOINT, KEY)).toMatchObject({ ok: false, why: "conflict" });
  });

  it("that cannot be one is named, and counts as none", async () => {
    const rig = await adopted(configured(KEY.slice(2)), {});
    expect(keyOf(rig)?.state).toBe("missing");
    expect(rig.gateway.status().problems.map(({ what }) => what)).toContain(
      "F-1 a: its key has 30 hexadecimal digits, not 32 or 24.",
    );
  });

  it("of a sensor that needs none is named", async () => {
    const rig = await start({
      sensors: [{ source: "radio/a", definition: "acme.open", endpoint: ENDPOINT, key: new Secret(KEY, "!file x") }],
    });
    expect(rig.gateway.status().problems[0]?.what).toBe("F-1 a: acme.open needs no key.");
  });
});

describe("a key from a person", () => {
  it("comes with the adoption, and is there after a restart", async () => {
    const store = new MemoryStore();
    const rig = await start({ store });
    await rig.heard("radio/a", sealed(20));
    expect(rig.gateway.inbox()[0]?.key).toEqual({
      needed: true,
      where: "In the app, under Product info.",
      digits: [32, 24],
    });
    const result = await rig.gateway.adopt("radio/a", { key: KEY.toUpperCase() });
    expect(result).toMatchObject({ ok: true, sensor: { key: { state: "ok" } } });
    expect(JSON.stringify(result)).not.toContain(KEY);
    expect(temperature(rig)).toBe(20);
    await rig.gateway.stop();
    const again = await start({ store });
    await again.heard("radio/a", sealed(23));
    expect(temperature(again)).toBe(23);
  });

  it("is refused in words that do not repeat it, and then nothing is adopted", async () => {
    const rig = await start();
    await rig.heard("radio/a", sealed(20));
    const refused = await rig.gateway.adopt("radio/a", { key: `${KEY}ff` });
    expect(refused).toMatchObject({ ok: false, why: "invalid" });
    expect(JSON.stringify(refused)).not.toContain(KEY);
    expect(rig.gateway.inbox()).toHaveLength(1);
  });

  it("may come later, and another one after that: at once, and for the next start", async () => {
    const store = new MemoryStore();
    const rig = await adopted({ store });
    expect(await rig.gateway.changeKey(ENDPOINT, OTHER_KEY)).toEqual({ ok: true });
    await rig.heard("radio/a", sealed(20));
    expect(keyOf(rig)?.state).toBe("wrong");
    expect(await rig.gateway.changeKey(ENDPOINT, KEY.replaceAll(/(..)(?=.)/g, "$1:"))).toEqual({ ok: true });
    await rig.heard("radio/a", sealed(20.5));
    expect([keyOf(rig)?.state, temperature(rig)]).toEqual(["ok", 20.5]);
    expect(store.text).toContain(`"key":"${KEY}"`);
    expect(store.text).not.toContain(OTHER_KEY);
  });

  it("goes with the sensor when it is removed", async () => {
    const store = new MemoryStore();
    const rig = await adopted({ store });
    await rig.gateway.changeKey(ENDPOINT, KEY);
    const removed = rig.gateway.remove(ENDPOINT);
    await rig.clock.advance(6_000);
    await removed;
    expect(store.text).not.toContain(KEY);
  });

  it("is refused where there is nobody to have it, or no need", async () => {
    const rig = await start({ rules: [{}] });
    await rig.heard("radio/b", says("acme.open", { t: 1 }));
    expect(await rig.gateway.changeKey("nobody", KEY)).toMatchObject({ why: "unknown" });
    expect(await rig.gateway.changeKey("acme-b", KEY)).toMatchObject({
      why: "invalid",
      reason: "this device needs no key",
    });
  });

  it("is never in the log, nor in what the gateway shows", async () => {
    const rig = await adopted();
    await rig.gateway.changeKey(ENDPOINT, KEY);
    await rig.heard("radio/a", sealed(25));
    const shown = JSON.stringify([rig.log, rig.gateway.sensors(), rig.gateway.status(), rig.gateway.inbox()]);
    expect(shown).not.toContain(KEY);
  });
});

describe("what was said before", () => {
  it("is neither a value nor a sign of life, and does not make the key wrong", async () => {
    const rig = await adopted({}, { rules: [{}] });
    await rig.gateway.changeKey(ENDPOINT, KEY);
    await rig.heard("radio/a", sealed(20));
    await rig.clock.advance(120_000);
    expect(rig.gateway.sensor(ENDPOINT)?.liveness).toBe("stale");
    await rig.heard("radio/a", sealed(30, { old: true }));
    expect([temperature(rig), keyOf(rig)?.state]).toEqual([20, "ok"]);
    expect(rig.gateway.sensor(ENDPOINT)?.liveness).toBe("stale");
  });
});

describe("a key as people write it", () => {
  const need = { lengths: [16], optional: false, where: "" };
  const read = (text: string) => readKey(text, need);

  it.each([
    KEY,
    KEY.toUpperCase(),
    KEY.replaceAll(/(..)(?=.)/g, "$1 "),
    ` ${KEY}\n`,
    KEY.replaceAll(/(..)(?=.)/g, "$1-"),
  ])("is understood: %s", (text) => {
    const found = read(text);
    expect("key" in found && found.key.reveal()).toBe(KEY);
  });

  it.each(["", "xyz", KEY.slice(1), `${KEY}00`, `0x${KEY}`, "ключ"])("is refused in words: %s", (text) => {
    const found = read(text);
    expect("reason" in found && found.reason).toContain("hexadecimal digits");
  });
});
