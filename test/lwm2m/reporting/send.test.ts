import { describe, expect, it } from "vitest";
import { Format } from "../../../src/content/index.ts";
import type { SendOptions, SendOutcome } from "../../../src/lwm2m/index.ts";
import { type Path, path } from "../../../src/model/path.ts";
import type { ResourceUpdate } from "../../../src/model/value.ts";
import { type Station, station, thermometer } from "../../support/station.ts";
import { dated, nodesOf, shown, VALUE, values } from "./watching.ts";

const LONG = { lifetime: 86_400 * 30 };
const TEMPERATURE = path(3303, 0, 5700);

const sends = ({ server }: Station) => server.requests.filter(({ path: at }) => at === "/dp");

/** Sends, lets `ms` pass, and gives how it ended at the only server; undefined: not yet. */
async function send(
  here: Station,
  what: readonly Path[] | readonly ResourceUpdate[],
  options: SendOptions = {},
  ms = 1_000,
): Promise<SendOutcome | undefined> {
  let outcome: SendOutcome | undefined;
  void here.client.send(what, options).then((outcomes) => (outcome = outcomes.get(123)));
  await here.clock.advance(ms);
  return outcome;
}

const measured = (here: Station, value: number, secondsAgo: number, at: Path = TEMPERATURE): ResourceUpdate => ({
  path: at,
  value,
  at: { ms: here.clock.now().ms - secondsAgo * 1_000, trusted: here.clock.trusted },
});

describe("Send (LwM2M Core 1.2 §6.4.6)", () => {
  it("posts what stands at paths to /dp, in SenML CBOR", async () => {
    const here = await station({ account: LONG }).registered();
    here.set([3303, 0, 5700], 23);
    expect(await send(here, [TEMPERATURE, path(3, 0, 9)], {}, 10)).toEqual({ status: "sent" });
    expect(here.server.log).toEqual(["POST /dp"]);
    expect(sends(here)[0]).toMatchObject({ type: "CON", format: Format.SenmlCbor });
    expect(nodesOf(sends(here)[0]!)).toMatchObject([
      { path: VALUE, type: "float", value: 23 },
      { path: "/3/0/9", type: "integer", value: 87 },
    ]);
  });

  it("posts what stands in Object 1, which is registered as any other, and nothing of one that is not", async () => {
    const here = await station({ account: LONG }).registered();
    expect(await send(here, [path(1, 0, 1), TEMPERATURE], { format: Format.SenmlJson }, 10)).toEqual({
      status: "sent",
    });
    expect(sends(here)[0]!.text).toBe(`[{"n":"/1/0/1","v":2592000},{"n":"${VALUE}","v":22.0}]`);
    expect(await send(here, [path(1, 7, 1)], {}, 10)).toMatchObject({ status: "refused" });
    expect(await send(here, [path(0, 0, 0)], {}, 10)).toMatchObject({ status: "refused" });
  });

  it("posts this very body: names in full, floats as floats (E31, E38)", async () => {
    const here = await station({ account: LONG }).registered();
    here.set([3303, 0, 5700], 23);
    await send(here, [TEMPERATURE], { format: Format.SenmlJson }, 10);
    expect(sends(here)[0]!.text).toBe(`[{"n":"${VALUE}","v":23.0}]`);
  });

  it("posts several measurements of one path, each with its time, in one pack", async () => {
    const here = await station({ account: LONG }).registered();
    const updates = [30, 20, 10].map((age, i) => measured(here, 20 + i, age));
    expect(await send(here, updates)).toEqual({ status: "sent" });
    expect(sends(here)).toHaveLength(1);
    expect(dated(sends(here)[0]!)).toEqual(
      updates.map(({ value, at }) => `${VALUE} ${shown(value)} @${at.ms / 1_000}`),
    );
  });

  it("tells when a value was measured, unless that was just now", async () => {
    const here = await station({ account: LONG }).registered();
    here.set([3303, 0, 5700], 23);
    await here.clock.advance(60_000);
    here.set([3, 0, 9], 50);
    await send(here, [TEMPERATURE, path(3, 0, 9)], {}, 10);
    const [old, fresh] = nodesOf(sends(here)[0]!);
    expect(old!.time).toBe((here.clock.now().ms - 60_010) / 1_000);
    expect(fresh!.time).toBeUndefined();
  });

  it("tells the age of values where the clock has never been set, and leaves out what is of no known time", async () => {
    const here = station({ account: LONG });
    here.clock.trusted = false;
    await here.registered();
    await send(here, [measured(here, 20, 60)]);
    expect(nodesOf(sends(here)[0]!)[0]!.time).toBe(-60);
    const before = measured(here, 21, 30);
    here.clock.trusted = true;
    here.clock.jump(1e11);
    expect(await send(here, [before])).toMatchObject({ status: "refused" });
    expect(sends(here)).toHaveLength(1);
  });

  it("in LwM2M CBOR carries the newest of each path, without times, since 1.2", async () => {
    const old = await station({ account: LONG }).registered();
    expect(await send(old, [TEMPERATURE], { format: Format.LwM2mCbor })).toMatchObject({
      status: "refused",
      reason: "LwM2M 1.1 has no LwM2M CBOR",
    });
    const here = await station({ account: { ...LONG, version: "1.2" } }).registered();
    const updates = [measured(here, 20, 60), measured(here, 21, 30)];
    expect(await send(here, updates, { format: Format.LwM2mCbor })).toEqual({ status: "sent" });
    expect(sends(here)[0]!.format).toBe(Format.LwM2mCbor);
    expect(nodesOf(sends(here)[0]!)).toEqual([{ path: VALUE, type: "float", value: 21 }]);
  });

  it.each([Format.Text, Format.Tlv, Format.Json, 9_999])("knows no format %i", async (format) => {
    const here = await station({ account: LONG }).registered();
    expect(await send(here, [TEMPERATURE], { format })).toMatchObject({ status: "refused" });
    expect(sends(here)).toEqual([]);
  });

  it("splits what would not fit a datagram, in order", async () => {
    const here = await station({ account: LONG }).registered();
    const updates = Array.from({ length: 150 }, (_, i) => measured(here, i + 0.1, 1_000 - i));
    expect(await send(here, updates, {}, 10_000)).toEqual({ status: "sent" });
    expect(sends(here).length).toBeGreaterThan(2);
    for (const { payload } of sends(here)) expect(payload.length).toBeLessThanOrEqual(1_024);
    expect(sends(here).flatMap(values)).toEqual(updates.map(({ value }) => shown(value)));
  });

  it("leaves out what the server may not read: keys, and what is only written or executed", async () => {
    const here = await station({
      account: LONG,
      fill: (tree, clock) => {
        thermometer(tree, clock);
        tree.set(path(0, 0, 5), "secret", clock.now());
        tree.addInstance(path(5, 0));
        tree.set(path(5, 0, 1), "coap://x", clock.now());
      },
    }).registered();
    expect(await send(here, [path(0), path(5, 0, 1)])).toMatchObject({ status: "sent" });
    for (const heard of sends(here)) expect(values(heard)).not.toContain("secret");
    expect(await send(here, [path(0)])).toMatchObject({ status: "refused", reason: "there is nothing to send" });
    const update = { path: path(0, 0, 5), value: "secret", at: here.clock.now() };
    expect(await send(here, [update])).toMatchObject({ status: "refused" });
  });

  it("goes to the server that is named", async () => {
    const here = await station({ account: LONG }).registered();
    expect(await here.client.send([TEMPERATURE], { server: 999 })).toEqual(new Map());
    expect(sends(here)).toEqual([]);
  });
});

describe("a Send that does not get through", () => {
  it("with 4.04 is tried once more when an Update has found out that we are still known", async () => {
    const here = await station({ account: LONG }).registered();
    let asked = 0;
    here.server.verdict = (request) =>
      request.path === "/dp" ? { code: asked++ === 0 ? 0x84 : 0x44 } : here.server.grant(request);
    expect(await send(here, [TEMPERATURE], {}, 5_000)).toEqual({ status: "sent" });
    expect(here.server.log).toEqual(["POST /dp", "POST /rd/r1", "POST /dp"]);
  });

  it("with 4.00 of a server that has forgotten us is tried once more after a new Register", async () => {
    const here = await station({ account: LONG }).registered();
    let known = false;
    here.server.verdict = (request) => {
      if (request.path === "/rd") known = true;
      return known ? here.server.grant(request) : { code: request.path === "/dp" ? 0x80 : 0x84 };
    };
    expect(await send(here, [TEMPERATURE], {}, 5_000)).toEqual({ status: "sent" });
    expect(here.server.log.map((line) => line.split("?")[0])).toEqual([
      "POST /dp",
      "POST /rd/r1",
      "POST /rd",
      "POST /dp",
    ]);
  });

  it("with an error again has failed, and with another one at once", async () => {
    const here = await station({ account: LONG }).registered();
    here.server.verdict = (request) => (request.path === "/dp" ? { code: 0x84 } : here.server.grant(request));
    expect(await send(here, [TEMPERATURE], {}, 5_000)).toEqual({
      status: "failed",
      reason: "the server answered 4.04",
    });
    expect(sends(here)).toHaveLength(2);
    here.server.verdict = (request) => (request.path === "/dp" ? { code: 0x83 } : here.server.grant(request));
    expect(await send(here, [TEMPERATURE], {}, 5_000)).toEqual({
      status: "failed",
      reason: "the server answered 4.03",
    });
    expect(sends(here)).toHaveLength(3);
  });

  it("with silence is kept, and comes with its time when the server is back", async () => {
    const here = await station({ account: LONG }).registered();
    here.set([3303, 0, 5700], 23);
    const time = here.clock.now().ms / 1_000;
    here.wires[0]!.near.fate = () => "drop";
    expect(await send(here, [TEMPERATURE], {}, 100_000)).toEqual({ status: "deferred" });
    here.wires[0]!.near.fate = () => "deliver";
    here.server.requests.length = 0;
    await here.clock.advance(600_000);
    expect(sends(here).map(dated)).toEqual([[`${VALUE} 23 @${time}`]]);
  });

  it("is bounded: of what cannot be sent the oldest goes", async () => {
    const here = station({ account: LONG });
    for (let i = 0; i < 1_000; i++) void here.client.send([measured(here, i, 1_000 - i)]);
    here.client.start();
    await here.clock.advance(60_000);
    const told = sends(here).flatMap(values);
    expect(told).toHaveLength(256);
    expect(told.at(-1)).toBe("999");
  });

  it("says once what was measured once, however often it was to be sent: servers refuse a Pack that says it twice", async () => {
    const here = station({ account: LONG });
    const value = measured(here, 21.5, 30);
    for (let i = 0; i < 3; i++) void here.client.send([value, measured(here, i, 20)]);
    here.client.start();
    await here.clock.advance(60_000);
    expect(sends(here).flatMap(values)).toEqual(["21.5", "2"]);
  });
});
