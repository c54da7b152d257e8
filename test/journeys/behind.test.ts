/** Sensors found behind the gateway's own endpoint: Object 25, prefixes, and what happens as sensors come and go. */

import { describe, expect, it } from "vitest";
import { Format } from "../../src/content/index.ts";
import { MemoryStore, Rig, ruuvi, TAG } from "../gateway/rig.ts";

const RULES = { rules: [{ adapter: "radio" }] };
const SECOND = "CB:B8:33:4C:88:50";

async function house(mode: "endpoints" | "object25" | "both", store = new MemoryStore()) {
  const rig = await Rig.start({ ...RULES, mode, store });
  await rig.heard(`radio/${TAG}`, ruuvi());
  await rig.clock.advance(3_000);
  return { rig, gw: rig.server("gw"), store };
}

const device = async ({ gw }: Awaited<ReturnType<typeof house>>, number = 1) => {
  const { text } = await gw.ask("GET", { path: `/25/${number}`, accept: Format.SenmlJson });
  const records: unknown = JSON.parse(text);
  return records;
};

describe("a gateway with sensors behind it", () => {
  it.each(["endpoints", "object25", "both"] as const)("lists them in Object 25 (%s)", async (mode) => {
    const here = await house(mode);
    expect(here.gw.requests.at(-1)?.text).toContain("</25>;ver=2.0,</25/1>");
    const [sensor] = here.rig.gateway.sensors().slice(1);
    expect(await device(here)).toMatchObject([
      { bn: "/25/1/", n: "0", vs: sensor?.endpoint },
      { n: "1", vs: "d01" },
      {
        n: "3",
        vs: "</3/0>,</3303>;ver=1.1,</3303/0>,</3304>;ver=1.1,</3304/0>,</3313>;ver=1.1,</3313/0>,</3315>;ver=1.1,</3315/0>",
      },
    ]);
  });

  it("shows them as endpoints only, unless it is told otherwise", async () => {
    const { gw, rig } = await house("endpoints");
    expect((await gw.ask("GET", { path: "/d01/3303/0/5700" })).code).toBe("4.04");
    expect(rig.servers.size).toBe(2);
  });

  it("has them behind its own endpoint only in mode object25: one registration for all", async () => {
    const { gw, rig } = await house("object25");
    expect([...rig.servers.keys()]).toEqual(["gw"]);
    const answer = await gw.ask("GET", { path: "/d01/3303/0/5700", accept: Format.SenmlJson });
    // Measured three seconds ago.
    expect(answer.text).toMatch(/^\[\{"bn":"\/d01\/3303\/0\/5700","bt":[\d.]+,"v":24.3\}\]$/);
  });

  it("has them both ways in mode both", async () => {
    const { gw, rig } = await house("both");
    const [, sensor] = rig.gateway.sensors();
    expect((await gw.ask("GET", { path: "/d01/3303/0/5700" })).text).toBe("24.3");
    expect((await rig.server(sensor!.endpoint).ask("GET", { path: "/3303/0/5700" })).text).toBe("24.3");
  });

  it("tells of a new value below the prefix, and ends with 4.04 when the sensor is removed", async () => {
    const here = await house("both");
    const { rig, gw } = here;
    const token = gw.send("GET", { path: "/d01/3303/0/5700", observe: 0, accept: Format.SenmlJson });
    await rig.clock.advance(100);
    const [, sensor] = rig.gateway.sensors();
    const warmer = ruuvi(206);
    if (warmer.kind === "advert") new DataView(warmer.manufacturer[0]![1].buffer).setInt16(1, 5_000);
    await rig.heard(`radio/${TAG}`, warmer);
    await rig.clock.advance(60_000);
    expect(gw.answers(token).at(-1)?.text).toContain('"bn":"/d01/3303/0/5700"');
    expect(gw.answers(token).at(-1)?.text).toContain('"v":25.0');
    await rig.gateway.remove(sensor!.endpoint);
    await rig.clock.advance(3_000);
    expect(gw.answers(token).at(-1)?.code).toBe("4.04");
    expect((await gw.ask("GET", { path: "/25/1" })).code).toBe("4.04");
    const links = gw.requests.map(({ text }) => text).filter((text) => text.includes("</3/0>"));
    expect(links.map((text) => text.includes("</25/1>"))).toEqual([false, true, false]);
  });

  it("keeps each sensor's prefix through a restart, whoever comes after it", async () => {
    const here = await house("object25");
    const second = ruuvi();
    await here.rig.heard(`radio/${SECOND}`, second);
    await here.rig.clock.advance(3_000);
    await here.rig.gateway.stop();
    expect(here.store.text).toContain('"device":1');
    const after = await Rig.start({ ...RULES, mode: "object25", store: here.store });
    await after.clock.advance(1_000);
    const gw = after.server("gw");
    const first = await gw.ask("GET", { path: "/25/1/0", accept: 0 });
    expect(first.text).toBe(here.rig.gateway.sensors()[1]?.endpoint);
    expect((await gw.ask("GET", { path: "/25/1/1", accept: 0 })).text).toBe("d01");
  });

  it("shows its own Objects beside them: where it stands, its lines, who it is", async () => {
    const rig = await Rig.start({
      self: {
        maker: "Acme",
        model: "G1",
        software: "1.0",
        utcOffset: () => "+00:00",
        memory: () => ({ free: 500, total: 1_000 }),
        place: { latitude: 48.1, longitude: 11.5 },
        network: () => ({ bearer: 41, available: [41], addresses: ["192.0.2.7"] }),
      },
    });
    const gw = rig.server("gw");
    expect(gw.requests[0]?.text).toMatch(/<\/3\/0>,<\/4>;ver=1.1,<\/4\/0>,<\/6\/0>,<\/7\/0>,<\/16\/0>$/);
    const read = async (path: string) => (await gw.ask("GET", { path, accept: 0 })).text;
    expect([await read("/4/0/4/0"), await read("/6/0/0"), await read("/16/0/0/0")]).toEqual([
      "192.0.2.7",
      "48.1",
      "gw",
    ]);
    expect((await gw.ask("POST", { path: "/7/0/6" })).code).toBe("2.04");
    for (let i = 0; i < 20; i++) await gw.ask("GET", { path: "/16/0", accept: Format.SenmlJson });
    expect(Number(await read("/7/0/2"))).toBeGreaterThan(0);
    // No installer, no firmware (LwM2M Core 1.1 Appendix E.6).
    expect((await gw.ask("GET", { path: "/5/0/3" })).code).toBe("4.04");
  });
});
