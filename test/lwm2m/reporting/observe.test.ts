import { describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.ts";
import { codecOf, Format } from "../../../src/content/index.ts";
import { path } from "../../../src/model/path.ts";
import { models, type Station, station } from "../../support/station.ts";

/** Observes, and gives what arrives after the first answer, as text. */
async function observe(here: Station, where: string, accept?: number) {
  const token = here.server.send("GET", { path: where, observe: 0, ...(accept !== undefined && { accept }) });
  await here.clock.advance(1);
  const first = here.server.answers(token)[0];
  if (first?.code !== "2.05") throw new Error(`not observed: ${first?.code}`);
  return { token, first, told: () => here.server.answers(token).slice(1) };
}

const temperature = (here: Station, value: number) => here.set([3303, 0, 5700], value);

describe("Observe", () => {
  it("answers with the value and the Observe option, and tells every change (E43, E44)", async () => {
    const here = await station().registered();
    const { first, told } = await observe(here, "/3303/0/5700");
    expect(first).toMatchObject({ type: "ACK", code: "2.05", format: 0, text: "22.0" });
    expect(first.observe).toBeTypeOf("number");
    for (const value of [23, 23.5, 24]) temperature(here, value);
    expect(told().map(({ text }) => text)).toEqual(["23.0", "23.5", "24.0"]);
    for (const each of told()) expect(each).toMatchObject({ type: "NON", code: "2.05", format: 0 });
    expect(here.client.registration.observations).toBe(1);
  });

  it("notifies with these bytes: NON 2.05, the token, Observe, Content-Format, the value", async () => {
    const here = await station().registered();
    const { token } = await observe(here, "/3303/0/5700");
    temperature(here, 23.5);
    const sent = toHex(here.wires[0]!.near.sent.at(-1)!);
    expect(sent).toMatch(new RegExp(`^5345.{4}${toHex(token)}61..60ff${Buffer.from("23.5").toString("hex")}$`));
  });

  it("numbers notifications upwards, whatever is observed (E68)", async () => {
    const here = await station().registered();
    await observe(here, "/3303/0/5700");
    await observe(here, "/3303/0");
    for (let i = 0; i < 20; i++) temperature(here, i);
    const numbers = here.server.responses.map(({ observe: number }) => number!);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it.each([
    ["/3303", { "/3303/0/5700": 30, "/3303/0/5701": "Cel" }],
    ["/3303/0", { "/3303/0/5700": 30, "/3303/0/5701": "Cel" }],
    ["/3303/0/5700", { "/3303/0/5700": 30 }],
  ])("works at %s", async (where, expected) => {
    const here = await station().registered();
    const { told } = await observe(here, where, Format.SenmlCbor);
    temperature(here, 30);
    here.set([3, 0, 9], 50);
    expect(told()).toHaveLength(1);
    const nodes = codecOf(112)!.decode(told()[0]!.payload, path(...where.split("/").slice(1).map(Number)), (at) =>
      models.resource(at),
    );
    expect(Object.fromEntries(nodes.map(({ path: at, value }) => [at, value]))).toEqual(expected);
  });

  it("works on multiple Resources and their Instances (E65)", async () => {
    const here = await station().registered();
    const whole = await observe(here, "/3/0/7");
    const one = await observe(here, "/3/0/7/0");
    here.set([3, 0, 7, 1], 5_000);
    expect([whole.told().length, one.told().length]).toEqual([1, 0]);
    here.set([3, 0, 7, 0], 2_900);
    expect([whole.told().length, one.told().length]).toEqual([2, 1]);
    expect(one.told()[0]!.text).toBe("2900");
  });

  it("does not tell a value that is newer but the same", async () => {
    const here = await station().registered();
    const single = await observe(here, "/3303/0/5700");
    const instance = await observe(here, "/3303/0");
    await here.clock.advance(5_000);
    temperature(here, 22);
    expect([...single.told(), ...instance.told()]).toEqual([]);
  });

  it("tells one reading once, however many Resources it changes", async () => {
    const here = await station().registered();
    const { told } = await observe(here, "/3303/0");
    const at = here.clock.now();
    here.tree.setAll([
      { path: path(3303, 0, 5700), value: 20, at },
      { path: path(3303, 0, 5601), value: 20, at },
      { path: path(3303, 0, 6042), value: 4, at },
    ]);
    expect(told()).toHaveLength(1);
  });

  it("keeps to the format of the first answer (RFC 7641 §4.2)", async () => {
    const here = await station().registered();
    for (const accept of [0, 60, 110, 112, 11542]) {
      const { told } = await observe(here, "/3303/0/5700", accept);
      temperature(here, accept + 0.5);
      expect(told()).toMatchObject([{ format: accept }]);
    }
  });

  it("shows whole degrees as floats in notifications too: nobody would tell us (E71)", async () => {
    const here = await station().registered();
    const { told } = await observe(here, "/3303/0/5700", Format.SenmlCbor);
    temperature(here, 30);
    expect(toHex(told()[0]!.payload)).toMatch(/02(f94f80|fa41f00000|fb403e000000000000)$/);
  });

  it.each([
    ["/9", "4.04"],
    ["/3303/0/5518", "4.04"],
    ["/3303/0/5605", "4.05"],
    ["/0/0", "4.01"],
  ])("of %s is refused with %s, and leaves nothing", async (where, code) => {
    const here = await station().registered();
    const answer = await here.server.ask("GET", { path: where, observe: 0 });
    expect(answer.code).toBe(code);
    expect(answer.observe).toBeUndefined();
    expect(here.client.registration.observations).toBe(0);
  });

  it("tells the server what it does to its own Object", async () => {
    const here = await station().registered();
    const { told } = await observe(here, "/1/0/1");
    await here.server.ask("PUT", { path: "/1/0/1", format: 0, payload: "600" });
    expect(told()).toMatchObject([{ text: "600" }]);
  });
});

describe("the end of an observation", () => {
  it("comes with Observe=1, which is answered like a Read", async () => {
    const here = await station().registered();
    const { token, told } = await observe(here, "/3303/0/5700");
    const answer = await here.server.ask("GET", { path: "/3303/0/5700", observe: 1, token });
    expect(answer).toMatchObject({ code: "2.05", text: "22.0", observe: undefined });
    temperature(here, 5);
    expect(told()).toHaveLength(1);
    expect(here.client.registration.observations).toBe(0);
  });

  it("comes with a reset, after which an Update asks whether we are still known", async () => {
    const here = await station().registered();
    const { told } = await observe(here, "/3303/0/5700");
    here.server.rejects = true;
    temperature(here, 23);
    temperature(here, 24);
    await here.clock.advance(100);
    expect(told()).toHaveLength(1);
    expect(here.client.registration.observations).toBe(0);
    expect(here.server.log).toEqual(["POST /rd/r1"]);
  });

  it("by reset of one among several means lost interest, of three lost memory", async () => {
    const here = await station().registered();
    for (const id of [0, 1, 9]) await observe(here, `/3/0/${id}`);
    await observe(here, "/3303/0/5700");
    here.server.rejects = true;
    here.set([3, 0, 9], 1);
    await here.clock.advance(1_000);
    expect(here.server.log).toEqual([]);
    here.set([3, 0, 1], "b");
    await here.clock.advance(1_000);
    expect(here.server.log).toEqual([]);
    here.set([3, 0, 0], "c");
    await here.clock.advance(1_000);
    expect(here.server.log).toEqual(["POST /rd/r1"]);
    expect(here.client.registration.observations).toBe(1);
  });

  it("comes with 4.04 when what was observed is gone", async () => {
    const here = await station().registered();
    const instance = await observe(here, "/3303/0");
    const value = await observe(here, "/3303/0/5700");
    here.tree.removeInstance(path(3303, 0));
    await here.clock.advance(1_000);
    for (const { told } of [instance, value]) {
      expect(told()).toMatchObject([{ type: "CON", code: "4.04" }]);
      expect(told()[0]!.observe).toBeUndefined();
    }
    expect(here.client.registration.observations).toBe(0);
  });

  it("comes with a new registration, not with an Update (E67)", async () => {
    const here = await station().registered();
    const { told } = await observe(here, "/3303/0/5700");
    await here.clock.advance(210_000);
    expect(here.server.log).toEqual(["POST /rd/r1"]);
    temperature(here, 1);
    expect(told()).toHaveLength(1);
    here.server.verdict = (request) => (request.path === "/rd" ? here.server.grant(request) : { code: 0x84 });
    await here.clock.advance(210_000);
    expect(here.client.registration).toMatchObject({ location: "/rd/r2", observations: 0 });
    temperature(here, 2);
    expect(told()).toHaveLength(1);
  });

  it("does not come with silence: the server expects it to be remembered, and is asked at once whether it still is there", async () => {
    const here = await station({ account: { lifetime: 1_000_000, storing: false } }).registered();
    const { told } = await observe(here, "/3303/0/5700");
    await here.clock.advance(86_400_000);
    here.server.requests.length = 0;
    here.server.receipt = undefined;
    temperature(here, 5);
    expect(told().at(-1)!.type).toBe("CON");
    await here.clock.advance(90_000);
    here.server.receipt = "ACK";
    await here.clock.advance(5_000);
    expect(here.server.log).toEqual(["POST /rd/r1"]);
    expect(here.client.registration.observations).toBe(1);
    expect(told().at(-1)).toMatchObject({ type: "CON", text: "5.0" });
  });

  it("comes when three in a row meet silence, though Updates are answered (RFC 7641 §4.5)", async () => {
    const account = { lifetime: 1_000_000, confirmNotifications: true, storing: false };
    const here = await station({ account }).registered();
    await observe(here, "/3303/0/5700");
    here.server.receipt = undefined;
    temperature(here, 5);
    await here.clock.advance(150_000);
    expect(here.client.registration.observations).toBe(1);
    await here.clock.advance(200_000);
    expect(here.client.registration.observations).toBe(0);
  });
});

describe("confirmable notifications", () => {
  it("come once a day, to find out whether somebody is still there (RFC 7641 §4.5)", async () => {
    const here = await station({ account: { lifetime: 1_000_000 }, client: { quietMs: 0 } }).registered();
    const { told } = await observe(here, "/3303/0/5700");
    const types: string[] = [];
    for (let hour = 1; hour <= 72; hour++) {
      await here.clock.advance(3_600_000);
      temperature(here, hour);
      if (told().at(-1)!.type === "CON") types.push(`CON at ${hour} h`);
    }
    expect(types).toEqual(["CON at 24 h", "CON at 48 h", "CON at 72 h"]);
    expect(told()).toHaveLength(72);
  });
});
