import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { Format } from "../../../src/content/index.ts";
import { path } from "../../../src/model/path.ts";
import { settle } from "../../support/fake-clock.ts";
import { station, thermometer } from "../../support/station.ts";
import { at, R, TEST, testStation } from "../../support/test-object.ts";

describe("Delete", () => {
  it("takes an Instance away with its values, and tells the server by Update", async () => {
    const here = await testStation();
    expect(await here.server.ask("DELETE", { path: "/33605/0" })).toMatchObject({ code: "2.02", text: "" });
    expect(here.tree.entries(path(TEST))).toEqual([]);
    expect((await here.server.ask("GET", { path: "/33605/0" })).code).toBe("4.04");
    expect((await here.server.ask("DELETE", { path: "/33605/0" })).code).toBe("4.04");
    await here.clock.advance(1_000);
    expect(here.server.requests.map(({ text }) => text)).toEqual([expect.stringMatching(/,<\/33605>(;ver=[\d.]+)?$/)]);
  });

  it("ends an observation of it with 4.04", async () => {
    const here = await testStation();
    const token = here.server.send("GET", { path: at(R.integer), observe: 0 });
    await settle();
    await here.server.ask("DELETE", { path: "/33605/0" });
    expect(here.server.answers(token).map(({ code }) => code)).toEqual(["2.05", "4.04"]);
  });

  it("asks whoever wants to be asked, who may refuse", async () => {
    const here = await testStation();
    const asked: string[] = [];
    here.tree.onDelete(TEST, (instance) => {
      asked.push(instance);
      return Promise.resolve({ status: "rejected", reason: "still in use" });
    });
    expect(await here.server.ask("DELETE", { path: "/33605/0" })).toMatchObject({ code: "4.00", text: "still in use" });
    expect(asked).toEqual(["/33605/0"]);
    expect(here.tree.hasInstance(at())).toBe(true);
  });

  it("is refused for what a client cannot be without, and where it is not offered", async () => {
    const here = await station({
      fill: (tree, clock) => {
        thermometer(tree, clock);
        tree.onDelete(3);
        tree.onDelete(1);
        tree.onDelete(0);
      },
    }).registered();
    expect((await here.server.ask("DELETE", { path: "/3/0" })).code).toBe("4.05");
    expect((await here.server.ask("DELETE", { path: "/1/0" })).code).toBe("4.05");
    expect((await here.server.ask("DELETE", { path: "/0/0" })).code).toBe("4.01");
    expect((await here.server.ask("DELETE", { path: "/3303/0" })).code).toBe("4.05");
    for (const where of ["/3303", "/3303/0/5700", "/3/0/7/0"])
      expect((await here.server.ask("DELETE", { path: where })).code, where).toBe("4.05");
    expect(here.tree.instances()).toEqual(["/3/0", "/3303/0"]);
  });
});

describe("Delete of a Resource Instance", () => {
  const filled = async (version: "1.0" | "1.1" | "1.2") => {
    const here = await testStation({ account: { version } });
    here.tree.setInstances(at(R.integers), [10, 20, 30], here.clock.now());
    return here;
  };

  it("takes away that one alone, since LwM2M 1.2", async () => {
    const here = await filled("1.2");
    const stored: unknown[] = [];
    here.tree.onStored((where, value) => stored.push([where, value]));
    expect((await here.server.ask("DELETE", { path: at(R.integers, 1) })).code).toBe("2.02");
    expect(here.tree.entries(at(R.integers)).map(([where, { value }]) => [where, value])).toEqual([
      ["/33605/0/3/0", 10],
      ["/33605/0/3/2", 30],
    ]);
    expect(stored).toEqual([["/33605/0/3/1", undefined]]);
    expect((await here.server.ask("DELETE", { path: at(R.integers, 1) })).code).toBe("4.04");
  });

  it("leaves an empty list when the last one goes", async () => {
    const here = await filled("1.2");
    for (const id of [0, 1, 2]) await here.server.ask("DELETE", { path: at(R.integers, id) });
    const answer = await here.server.ask("GET", { path: at(R.integers) });
    expect(answer).toMatchObject({ code: "2.05", format: Format.Tlv, payload: fromHex("8003") });
  });

  it("is not known to older versions", async () => {
    expect((await (await filled("1.1")).server.ask("DELETE", { path: at(R.integers, 1) })).code).toBe("4.05");
    expect((await (await filled("1.0")).server.ask("DELETE", { path: at(R.integers, 1) })).code).toBe("4.00");
  });

  it("is refused for what only the client writes, for single Resources, and for what is not there", async () => {
    const here = await filled("1.2");
    here.tree.setInstances(at(R.arguments), ["x"], here.clock.now());
    expect((await here.server.ask("DELETE", { path: at(R.arguments, 0) })).code).toBe("4.05");
    expect((await here.server.ask("DELETE", { path: at(R.integer, 0) })).code).toBe("4.04");
    expect((await here.server.ask("DELETE", { path: "/33605/7/3/0" })).code).toBe("4.04");
    expect((await here.server.ask("DELETE", { path: at(R.integer) })).code).toBe("4.05");
  });
});
