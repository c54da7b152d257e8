/** A strict server does thousands of things at random, and finds no fault with one byte that leaves the client. */

import { describe, expect, it } from "vitest";
import type { Account, Version } from "../../../src/lwm2m/index.ts";
import { type Rig, strictRig } from "../../support/strict/rig.ts";
import { heal, step } from "../../support/strict/script.ts";

const VERSIONS: readonly Version[] = ["1.0", "1.1", "1.2"];
/** More of them find more: STRICT_STEPS=5000 is a thorough search, STRICT_SEED another one. */
const STEPS = Number(process.env["STRICT_STEPS"] ?? 150);
const SEED = Number(process.env["STRICT_SEED"] ?? 1);
const LONG = STEPS * 40 + 10_000;

async function run(rig: Rig, before: (rig: Rig, index: number) => void = () => undefined): Promise<void> {
  rig.client.start();
  await rig.clock.advance(100);
  for (let index = 0; index < STEPS && rig.judge.faults.length === 0; index++) {
    before(rig, index);
    await step(rig, true);
  }
  await heal(rig);
  expect(rig.judge.faults.slice(0, 1).join("\n")).toBe("");
  expect(rig.client.registration.state).toBe("registered");
  const links = [...(rig.server.registration?.links ?? "").matchAll(/<(\/\d+\/\d+)>/g)].map(([, path]) => path);
  expect(links).toEqual(rig.looks.instances());
}

function started(version: Version, seed: number, account: Partial<Account> = {}): Rig {
  return strictRig(version, SEED * 1_000 + seed, { disableTimeout: 20, ...account });
}

describe.each(VERSIONS)("a client of LwM2M %s, and a server that reads every byte", (version) => {
  it("say nothing wrong over a good way", { timeout: LONG }, async () => {
    const rig = started(version, 1);
    await run(rig);
    const done = [...rig.judge.counts.keys()];
    for (const what of ["Register", "Update", "read 45", "write 44", "execute 44", "notification"])
      expect(
        done.some((each) => each.startsWith(what)),
        what,
      ).toBe(true);
  });

  it("say nothing wrong over a way that loses, doubles and reorders", { timeout: LONG }, async () => {
    const rig = started(version, 2);
    rig.net.weather = { loss: 0.15, duplicates: 0.15, delay: 400 };
    await run(rig);
    expect(rig.judge.counts.get("retransmission")).toBeGreaterThan(0);
    expect(rig.judge.counts.get("answer to a duplicate")).toBeGreaterThan(0);
  });

  it("say nothing wrong while the server starts anew, falls silent and is moody", { timeout: LONG }, async () => {
    const rig = started(version, 3);
    rig.net.weather = { loss: 0.02, duplicates: 0.02, delay: 40 };
    await run(rig, ({ server, random }, index) => {
      server.temper = { slow: 0.2, moody: 0.1 };
      if (random.below(60) === 0) server.restart();
      if (index % 80 === 40) server.mute = true;
      if (index % 80 === 50) server.mute = false;
    });
    expect(rig.judge.counts.get("Register")).toBeGreaterThan(1);
  });

  it("say nothing wrong in Queue Mode, awake or asleep", { timeout: LONG }, async () => {
    await run(started(version, 4, { queue: true, lifetime: 600 }));
  });
});
