/** Messages that speak for several sensors, and messages that only say what others mean. */

import { describe, expect, it } from "vitest";
import { DecodeError } from "../../../src/base/bytes.ts";
import type { Device } from "../../../src/library/index.ts";
import type { Frame } from "../../../src/sdk/adapter.ts";
import { Rig, type RigOptions } from "../rig.ts";
import { device, devicesOf, like, says } from "./stage.ts";

const THING = device("acme.thing");
let asked = 0;

/** A message with `things: "a=20,b=21"` stands for as many sensors. */
const WHOLE = like(device("acme.whole"), {
  divides: true,
  parts: (frame): readonly Frame[] => {
    asked += 1;
    const things = frame.payload.kind === "fields" ? frame.payload.fields["things"] : undefined;
    if (things === "broken") throw new DecodeError("no things");
    if (typeof things !== "string") return [frame];
    return things
      .split(",")
      .filter(Boolean)
      .map((each) => {
        const [name = "", t] = each.split("=");
        return { ...frame, source: `${frame.source}#${name}`, payload: says("acme.thing", { t: Number(t) }) };
      });
  },
});

const start = (options: RigOptions = {}, ...devices: readonly Device[]) =>
  Rig.start({ devices: devicesOf(...devices, WHOLE, THING), ...options });
const whole = (things: string) => says("acme.whole", { things });

describe("a message for several sensors", () => {
  it("is one entry in the inbox for each, and none for itself", async () => {
    const rig = await start();
    await rig.heard("radio/hub", whole("a=20,b=21"));
    expect(rig.gateway.inbox().map(({ source, definition }) => `${source} ${definition ?? ""}`)).toEqual([
      "radio/hub#a acme.thing",
      "radio/hub#b acme.thing",
    ]);
  });

  it("gives each adopted sensor its own part", async () => {
    const rig = await start({ rules: [{ definition: "acme.thing" }] });
    await rig.heard("radio/hub", whole("a=20,b=21"));
    await rig.heard("radio/hub", whole("a=22"));
    expect(rig.value("acme-hub-a", "/3303/0/5700") ?? rig.value("acme-huba", "/3303/0/5700")).toBe(22);
    expect(rig.gateway.sensors()).toHaveLength(3);
    expect(rig.gateway.status().counters).toMatchObject({ frames: 2, updated: 3 });
  });

  it("is asked for its parts once", async () => {
    const rig = await start({ rules: [{}] });
    asked = 0;
    await rig.heard("radio/hub", whole("a=20,b=21"));
    expect(asked).toBe(1);
    await rig.heard("radio/hub", whole("a=20,b=21"));
    expect(asked).toBe(2);
  });

  it("may stand for itself as well", async () => {
    const rig = await start({ rules: [{}] });
    await rig.heard("radio/hub", says("acme.whole", { t: 18 }));
    await rig.heard("radio/hub", says("acme.whole", { t: 19 }));
    expect(rig.value("acme-hub", "/3303/0/5700")).toBe(19);
  });

  it("that only teaches is counted, and nobody's word", async () => {
    const rig = await start();
    await rig.heard("radio/hub", whole(""));
    expect(rig.gateway.inbox()).toEqual([]);
    expect(rig.gateway.status().counters).toMatchObject({ taught: 1, strangers: 0, malformed: 0 });
  });

  it("that is broken is counted, and changes nothing", async () => {
    const rig = await start();
    await rig.heard("radio/hub", whole("broken"));
    expect(rig.gateway.inbox()).toEqual([]);
    expect(rig.gateway.status().counters).toMatchObject({ malformed: 1 });
  });

  it("speaks for 256 at most; the others are counted", async () => {
    const rig = await start();
    await rig.heard("radio/hub", whole(Array.from({ length: 300 }, (_, i) => `s${i}=1`).join(",")));
    expect(rig.gateway.status().counters).toMatchObject({ crowded: 44, strangers: 256 });
  });

  it("leaves parts that nobody can read in the inbox as what they are", async () => {
    const rig = await Rig.start({ devices: devicesOf(WHOLE) });
    await rig.heard("radio/hub", whole("a=20"));
    expect(rig.gateway.inbox()).toMatchObject([{ source: "radio/hub#a", raw: ['model "acme.thing"', "t 20"] }]);
  });
});

describe("a device that never divides", () => {
  it("is never asked for parts", async () => {
    const quiet = like(device("acme.quiet"), {
      parts: () => {
        throw new Error("nobody should ask");
      },
    });
    const rig = await start({ rules: [{}] }, quiet);
    for (let i = 0; i < 3; i++) await rig.heard("radio/q", says("acme.quiet", { t: i }));
    expect(rig.value("acme-q", "/3303/0/5700")).toBe(2);
  });
});
