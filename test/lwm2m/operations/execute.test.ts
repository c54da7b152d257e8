import { describe, expect, it } from "vitest";
import type { Outcome } from "../../../src/base/outcome.ts";
import { parseArguments } from "../../../src/lwm2m/operations/arguments.ts";
import { path } from "../../../src/model/path.ts";
import { settle } from "../../support/fake-clock.ts";
import { station } from "../../support/station.ts";

/** A sensor whose Reset Min and Max can be executed, and what it was told. */
function resettable(outcome: Outcome = { status: "done" }) {
  const told: string[] = [];
  const here = station({
    fill: (tree, clock) => {
      tree.addInstance(path(3303, 0));
      tree.set(path(3303, 0, 5700), 20, clock.now());
      tree.onExecute(path(3303, 0, 5605), (_, args) => {
        told.push(args);
        return Promise.resolve(outcome);
      });
    },
  });
  return { ...here, told };
}

describe("Execute", () => {
  it("runs the handler and answers 2.04 when it is done", async () => {
    const here = resettable();
    await here.registered();
    const answer = await here.server.ask("POST", { path: "/3303/0/5605" });
    expect(answer).toMatchObject({ code: "2.04", text: "", format: undefined });
    expect(here.told).toEqual([""]);
  });

  it.each(["", "0", "0='on'", "2='10.3',7=''", "0='a,b',1", "5='!#$%&()*+[]^_`{|}~'"])(
    "hands over the arguments %s, with or without a format (E52)",
    async (payload) => {
      const here = resettable();
      await here.registered();
      expect((await here.server.ask("POST", { path: "/3303/0/5605", payload })).code).toBe("2.04");
      expect((await here.server.ask("POST", { path: "/3303/0/5605", payload, format: 0 })).code).toBe("2.04");
      expect(here.told).toEqual([payload, payload]);
    },
  );

  it.each(["x", "10", "0=", "0=on", "0='on", "0='it's'", ",", "0,", "0,,1", "0='a b'", "0='\\'", "0='ä'", " 0"])(
    "refuses the malformed arguments %s (E52)",
    async (payload) => {
      const here = resettable();
      await here.registered();
      expect((await here.server.ask("POST", { path: "/3303/0/5605", payload })).code).toBe("4.00");
      expect(here.told).toEqual([]);
    },
  );

  it("refuses arguments without end", () => {
    expect(parseArguments(new TextEncoder().encode(`0='${"x".repeat(4_093)}'`))).toBeUndefined();
    expect(parseArguments(new TextEncoder().encode(`0='${"x".repeat(4_092)}'`))?.text).toHaveLength(4_096);
  });

  it("refuses arguments that are no text", async () => {
    const here = resettable();
    await here.registered();
    expect((await here.server.ask("POST", { path: "/3303/0/5605", payload: "0", format: 42 })).code).toBe("4.15");
  });

  it.each<[Outcome, string, string]>([
    [{ status: "rejected", reason: "battery too low" }, "4.00", "battery too low"],
    [{ status: "timeout" }, "5.04", "no answer from the device"],
  ])("answers %o with %s", async (outcome, code, text) => {
    const here = resettable(outcome);
    await here.registered();
    expect(await here.server.ask("POST", { path: "/3303/0/5605" })).toMatchObject({ code, text });
  });

  it("answers 4.05 where the device cannot, and 4.04 where there is nothing", async () => {
    const { server } = await resettable().registered();
    for (const where of ["/3/0/4", "/3/0/5", "/3303/0/5700", "/1/0/9", "/1/0/1", "/3/0/0"])
      expect((await server.ask("POST", { path: where })).code, where).toBe("4.05");
    for (const where of ["/3303/0/9999", "/3303/1/5605", "/3304/0/5605"])
      expect((await server.ask("POST", { path: where })).code, where).toBe("4.04");
  });

  it("E52: hands the arguments over taken apart as well, a number that comes twice among them", async () => {
    const lists: unknown[] = [];
    const here = station({
      fill: (tree) => {
        tree.addInstance(path(3303, 0));
        tree.onExecute(path(3303, 0, 5605), (_, __, ___, list) => {
          lists.push(list);
          return undefined;
        });
      },
    });
    await here.registered();
    for (const payload of ["", "5", "0='on',1", "2='a,b',2='',9"])
      expect((await here.server.ask("POST", { path: "/3303/0/5605", payload })).code).toBe("2.04");
    expect(lists).toEqual([
      [],
      [{ id: 5 }],
      [{ id: 0, value: "on" }, { id: 1 }],
      [{ id: 2, value: "a,b" }, { id: 2, value: "" }, { id: 9 }],
    ]);
  });

  it("E66: answers first, and acts after that, whether the handler answers at once or later", async () => {
    for (const late of [false, true]) {
      const order: string[] = [];
      const verdict = { status: "done" as const, after: () => order.push("reboot") };
      const here = station({
        fill: (tree) => {
          tree.addInstance(path(3, 0));
          tree.onExecute(path(3, 0, 4), () => (late ? Promise.resolve(verdict) : verdict));
        },
      });
      await here.registered();
      const token = here.server.send("POST", { path: "/3/0/4" });
      await settle();
      expect(here.server.answers(token)).toMatchObject([{ code: "2.04" }]);
      expect(order).toEqual([]);
      await here.clock.advance(20);
      expect(order).toEqual(["reboot"]);
    }
  });

  it("does not execute Resource Instances or the root", async () => {
    const { server } = await resettable().registered();
    expect((await server.ask("POST", { path: "/3303/0/5605/0" })).code).toBe("4.05");
    expect((await server.ask("POST", { path: "" })).code).toBe("4.00");
  });

  it("reboots the device if it can be rebooted, and answers before anything else", async () => {
    const here = station({
      fill: (tree) => {
        tree.addInstance(path(3, 0));
        tree.onExecute(path(3, 0, 4), () => Promise.resolve({ status: "done" }));
      },
    });
    await here.registered();
    expect((await here.server.ask("POST", { path: "/3/0/4" })).code).toBe("2.04");
    expect(here.client.registration.state).toBe("registered");
  });
});

describe("Execute on the Server Object", () => {
  it("updates the registration when triggered, after the answer (E66)", async () => {
    const here = await station().registered();
    const order: string[] = [];
    here.server.verdict = (request) => {
      order.push(request.path);
      return here.server.grant(request);
    };
    const token = here.server.send("POST", { path: "/1/0/8" });
    expect(here.server.answers(token)).toMatchObject([{ code: "2.04" }]);
    expect(order).toEqual([]);
    await here.clock.advance(100);
    expect(order).toEqual(["/rd/r1"]);
  });

  it("goes away when disabled, and comes back by itself", async () => {
    const here = await station({ account: { disableTimeout: 60 } }).registered();
    await here.server.ask("POST", { path: "/1/0/4" });
    expect(here.server.answers(here.server.responses[0]!.message.token)).toMatchObject([{ code: "2.04" }]);
    await here.clock.advance(250);
    expect(here.server.log).toEqual(["DELETE /rd/r1"]);
    expect(here.client.registration.state).toBe("waiting");
    await here.clock.advance(59_000);
    expect(here.server.log).toHaveLength(1);
    await here.clock.advance(2_000);
    expect(here.client.registration).toMatchObject({ state: "registered", location: "/rd/r2" });
  });
});
