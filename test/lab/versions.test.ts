/** LwM2M 1.2 at the lab, a lab that speaks less, and locations of every shape. */

import { afterEach, describe, expect, it } from "vitest";
import { FakeClock } from "../support/fake-clock.ts";
import { LabBench } from "../support/lab-bench.ts";
import { Opt, options, queryOf } from "../support/raw-client.ts";

let bench: LabBench;
const clock = new FakeClock();
afterEach(() => bench.stop());

const LINKS = "</3/0>,</3303/0>";
const started = async (more: ConstructorParameters<typeof LabBench>[0] = {}) => {
  bench = await new LabBench({ watch: false, clock, ...more }).start();
  return bench.raw();
};

describe("LwM2M 1.2", () => {
  it("is spoken beside 1.1 and 1.0, and shown", async () => {
    const client = await started();
    for (const version of ["1.0", "1.1", "1.2"])
      expect((await client.register(`ep=v${version}&lwm2m=${version}&lt=60`, LINKS)).code).toBe("2.01");
    expect(bench.lab.clients().map(({ version }) => version)).toEqual(["1.0", "1.1", "1.2"]);
  });

  it.each(["1.3", "2.0", "1", "1.2.1", "", "1.10"])("is not %s, which is 4.12", async (version) => {
    const client = await started();
    expect((await client.register(`ep=a&lwm2m=${version}`, LINKS)).code).toBe("4.12");
  });

  it("lets a client stay for ever with a lifetime of 0 (Core 1.2 §6.2.1)", async () => {
    const client = await started();
    await client.register("ep=a&lwm2m=1.2&lt=0", LINKS);
    clock.tick(36_000_000);
    expect(bench.lab.clients()[0]).toMatchObject({ lifetime: 0, expiresAt: "9999-12-31T23:59:59.999Z" });
  });

  it("may change between a lifetime of 0 and another by Update", async () => {
    const client = await started();
    const location = options(await client.register("ep=a&lwm2m=1.2&lt=0", LINKS), Opt.LocationPath);
    const update = (lt: number) =>
      client.exchange({
        code: "0.02",
        options: [...location.map((s) => [Opt.UriPath, s] as const), [Opt.UriQuery, `lt=${lt}`]],
      });
    await update(60);
    await update(0);
    clock.tick(3_600_000);
    expect(bench.lab.size).toBe(1);
    await update(60);
    clock.tick(62_000);
    expect(bench.lab.size).toBe(0);
  });

  it("may name a profile and what else a server need not know", async () => {
    const client = await started();
    const query = "ep=a&lwm2m=1.2&lt=60&pid=10241,10242&hash=00ff&b=U&Q";
    expect((await client.register(query, LINKS)).code).toBe("2.01");
    expect(bench.lab.clients()[0]).toMatchObject({ endpoint: "a", queue: true });
  });

  it("uses Q as a word of its own, never a letter of the binding", async () => {
    const client = await started();
    expect((await client.register("ep=a&lwm2m=1.2&b=UQ", LINKS)).code).toBe("4.00");
    expect((await client.register("ep=a&lwm2m=1.2&b=UT&Q", LINKS)).code).toBe("2.01");
  });
});

describe("a lab that speaks fewer versions", () => {
  it("answers 4.12 to the others, so that a client falls back", async () => {
    const client = await started({ versions: ["1.0"] });
    expect((await client.register("ep=a&lwm2m=1.2", LINKS)).code).toBe("4.12");
    expect((await client.register("ep=a&lwm2m=1.1", LINKS)).code).toBe("4.12");
    expect((await client.register("ep=a&lwm2m=1.0", LINKS)).code).toBe("2.01");
  });

  it("names the version that it does not speak", async () => {
    const client = await started({ versions: ["1.1"] });
    const answer = await client.register("ep=a&lwm2m=1.2", LINKS);
    expect(answer.payload.toString()).toBe("LwM2M 1.2 is not spoken here");
  });
});

describe("a location", () => {
  const at = (segments: readonly string[], query = "") => [
    ...segments.map((segment) => [Opt.UriPath, segment] as const),
    ...queryOf(query),
  ];

  it.each([
    ["one segment", (id: string) => [id]],
    ["three", (id: string) => ["rd", "site-4", id]],
    ["six", (id: string) => ["a", "b", "c", "d", "e", id]],
    ["segments outside of ASCII", (id: string) => ["réseau", `ü${id}`]],
    ["a long one", (id: string) => ["rd", `${"x".repeat(200)}${id}`]],
  ])("may have %s: Update and De-register find it", async (_what, location) => {
    const client = await started({ location });
    const segments = options(await client.register("ep=a&lwm2m=1.1&lt=60", LINKS), Opt.LocationPath);
    expect(segments).toEqual(location(segments.at(-1)!.slice(location("").at(-1)!.length)));
    clock.tick(50_000);
    expect((await client.exchange({ code: "0.02", options: at(segments, "lt=70") })).code).toBe("2.04");
    clock.tick(50_000);
    expect(bench.lab.clients()[0]).toMatchObject({ lifetime: 70 });
    expect((await client.exchange({ code: "0.04", options: at(segments) })).code).toBe("2.02");
    expect((await client.exchange({ code: "0.02", options: at(segments) })).code).toBe("4.04");
    expect(bench.lab.size).toBe(0);
  });

  it("of another registration is not touched", async () => {
    const client = await started({ location: (id) => ["5a", id] });
    const other = await bench.raw();
    const first = options(await client.register("ep=a&lwm2m=1.1", LINKS), Opt.LocationPath);
    const second = options(await other.register("ep=b&lwm2m=1.1", LINKS), Opt.LocationPath);
    expect(first).not.toEqual(second);
    await client.exchange({ code: "0.04", options: at(first) });
    expect(bench.lab.clients().map(({ endpoint }) => endpoint)).toEqual(["b"]);
  });

  it("in part, or with more than there is, is nobody's", async () => {
    const client = await started({ location: (id) => ["x", "y", id] });
    const whole = options(await client.register("ep=a&lwm2m=1.1", LINKS), Opt.LocationPath);
    expect((await client.exchange({ code: "0.04", options: at(whole.slice(0, 2)) })).code).toBe("4.04");
    expect((await client.exchange({ code: "0.04", options: at([...whole, "z"]) })).code).toBe("4.04");
    expect((await client.exchange({ code: "0.03", options: at(whole) })).code).toBe("4.05");
    expect(bench.lab.size).toBe(1);
  });
});
