import { describe, expect, it } from "vitest";
import { Format } from "../../../src/content/index.ts";
import type { ReadHandler } from "../../../src/lwm2m/index.ts";
import { path } from "../../../src/model/path.ts";
import { settle } from "../../support/fake-clock.ts";
import { station } from "../../support/station.ts";

const TEMPERATURE = path(3303, 0, 5700);

/** A probe that measures when somebody looks. */
async function probe(handler: ReadHandler, where = TEMPERATURE) {
  const here = station({
    fill: (tree, clock) => {
      tree.addInstance(path(3303, 0));
      tree.set(TEMPERATURE, 20, clock.now());
      tree.set(path(3303, 0, 5701), "Cel", clock.now());
      tree.onRead(where, handler);
    },
  });
  await here.registered();
  return here;
}

describe("Read of a value that is made when somebody looks", () => {
  it("answers with what the handler gives, at once if it gives it at once", async () => {
    let count = 20;
    const here = await probe(() => (count += 1));
    const token = here.server.send("GET", { path: TEMPERATURE });
    // Without letting a promise settle: the answer is the acknowledgement.
    expect(here.server.answers(token)).toMatchObject([{ type: "ACK", code: "2.05", text: "21.0" }]);
    expect((await here.server.ask("GET", { path: "/3303/0", accept: Format.SenmlJson })).text).toContain('"v":22');
    expect((await here.server.ask("GET", { path: "/3303", accept: Format.SenmlJson })).text).toContain('"v":23');
    expect(here.tree.get(TEMPERATURE)?.value).toBe(23);
  });

  it("is not asked for what it has nothing to do with", async () => {
    let count = 0;
    const here = await probe(() => (count += 1));
    for (const where of ["/3/0", "/3303/0/5701", "/1"]) await here.server.ask("GET", { path: where });
    await here.server.ask("GET", { path: "/3303/0", accept: 40 });
    expect(count).toBe(0);
  });

  it("answers later if it takes its time, by a message of its own (RFC 7252 §5.2.2)", async () => {
    let give: (value: number) => void = () => undefined;
    const here = await probe(() => new Promise((resolve) => (give = resolve)));
    const token = here.server.send("GET", { path: TEMPERATURE });
    await here.clock.advance(10_000);
    expect(here.server.answers(token)).toEqual([]);
    expect(here.server.empties.map(({ type }) => type)).toEqual(["ACK"]);
    give(25.5);
    await settle();
    expect(here.server.answers(token)).toMatchObject([{ type: "CON", code: "2.05", text: "25.5" }]);
  });

  it("lets a handler set what it has found by itself", async () => {
    const here = await probe(
      async (at) => {
        await Promise.resolve();
        here.tree.setAll([
          { path: TEMPERATURE, value: 30, at: here.clock.now() },
          { path: path(3303, 0, 5602), value: 31, at: here.clock.now() },
        ]);
        expect(at).toBe("/3303/0");
        return undefined;
      },
      path(3303, 0),
    );
    expect((await here.server.ask("GET", { path: "/3303/0/5602" })).text).toBe("31.0");
    expect((await here.server.ask("GET", { path: TEMPERATURE })).text).toBe("30.0");
  });

  it("E70: answers 5.04 with the words if the device fails, and stays registered", async () => {
    const here = await probe(() => Promise.reject(new Error("no answer on the bus")));
    expect(await here.server.ask("GET", { path: TEMPERATURE })).toMatchObject({
      code: "5.04",
      text: "/3303/0/5700: no answer on the bus",
    });
    const sync = await probe(() => {
      throw new Error("unplugged");
    });
    expect(await sync.server.ask("GET", { path: TEMPERATURE })).toMatchObject({ code: "5.04", text: /unplugged/ });
    expect(await sync.server.ask("GET", { path: TEMPERATURE, observe: 0 })).toMatchObject({
      code: "5.04",
      observe: undefined,
    });
    expect(sync.client.registration).toMatchObject({ state: "registered", observations: 0 });
  });

  it("answers 5.04 after a minute of silence", async () => {
    const here = await probe(() => new Promise(() => undefined));
    const token = here.server.send("GET", { path: TEMPERATURE });
    await here.clock.advance(59_000);
    expect(here.server.answers(token)).toEqual([]);
    await here.clock.advance(2_000);
    expect(here.server.answers(token)).toMatchObject([{ code: "5.04", text: /no answer from the device/ }]);
  });

  it("shows what was known before where more than that is asked for, old values with their time", async () => {
    const here = await probe(() => Promise.reject(new Error("no answer on the bus")));
    const measured = here.tree.get(TEMPERATURE)!.at.ms / 1_000;
    await here.clock.advance(60_000);
    const answer = await here.server.ask("GET", { path: "/3303/0", accept: Format.SenmlJson });
    expect(answer.code).toBe("2.05");
    expect(answer.text).toContain('"v":20');
    expect(answer.text).toContain(String(measured));
  });

  it("begins an observation with what it gives", async () => {
    const here = await probe(() => Promise.resolve(19));
    const token = here.server.send("GET", { path: TEMPERATURE, observe: 0 });
    await settle();
    here.set([3303, 0, 5700], 18);
    expect(here.server.answers(token).map(({ text }) => text)).toEqual(["19.0", "18.0"]);
  });

  it("sets nothing in an Instance that is gone when it answers", async () => {
    let give: (value: number) => void = () => undefined;
    const here = await probe(() => new Promise((resolve) => (give = resolve)));
    const token = here.server.send("GET", { path: TEMPERATURE });
    await settle();
    here.tree.removeInstance(path(3303, 0));
    give(25.5);
    await settle();
    expect(here.server.answers(token)).toMatchObject([{ code: "4.04" }]);
    expect(here.tree.get(TEMPERATURE)).toBeUndefined();
  });
});
