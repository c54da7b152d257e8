import { describe, expect, it } from "vitest";
import { path } from "../../../src/model/path.ts";
import { station } from "../../support/station.ts";

describe("Write-Attributes", () => {
  const write = async (here: ReturnType<typeof station>, where: string, query: string) =>
    here.server.ask("PUT", { path: where, query: query.split("&") });

  it.each([
    ["/3303", "pmin=1&pmax=2", "2.04"],
    ["/3303/0", "pmin=1", "2.04"],
    ["/3303/0/5700", "pmin=1&pmax=60&gt=50&lt=10&st=2.5", "2.04"],
    ["/3303/0/5700", "pmin=60&pmax=5", "2.04"],
    ["/3303/0/5700", "pmax=0", "2.04"],
    ["/3303/0/5700", "epmin=5&epmax=10", "2.04"],
    ["/3/0/7/0", "gt=3000", "2.04"],
    ["/3/0/7", "pmin=5", "2.04"],
    ["/3303/0/5518", "pmin=5", "2.04"], // not measured yet, but it may be
    ["/3303/0/5700", "gt=10&lt=20", "4.00"],
    ["/3303/0/5700", "lt=10&gt=20&st=5", "4.00"],
    ["/3303/0/5700", "st=-1", "4.00"],
    ["/3303/0/5700", "epmin=10&epmax=10", "4.00"],
    ["/3303/0/5700", "pmin=abc", "4.00"],
    ["/3303/0/5700", "edge=1", "4.00"], // an attribute of 1.2
    ["/3303/0", "gt=5", "4.00"],
    ["/3303", "st=5", "4.00"],
    ["/3303/0/5701", "gt=5", "4.00"], // a text
    ["/9", "pmin=1", "4.04"],
    ["/3303/1", "pmin=1", "4.04"],
    ["/3303/0/9999", "pmin=1", "4.04"],
    ["/3/0/7/5", "pmin=1", "4.04"],
    ["/3303/0/5700/0", "pmin=1", "4.04"],
    ["", "pmin=1", "4.00"],
  ])("on %s of %s is answered %s (E57)", async (where, query, code) => {
    const here = await station().registered();
    const answer = await write(here, where, query);
    expect(answer.code).toBe(code);
    if (code === "4.00") expect(answer.text).not.toBe("");
  });

  it("is no Write: the value stays", async () => {
    const here = await station().registered();
    await write(here, "/3303/0/5700", "pmin=5");
    expect(here.tree.get(path(3303, 0, 5700))?.value).toBe(22);
  });

  it("is a Write after all if there is something to write", async () => {
    const here = await station().registered();
    const answer = await here.server.ask("PUT", {
      path: "/3303/0/5750",
      query: ["pmin=5"],
      format: 0,
      payload: "Attic",
    });
    expect(answer.code).toBe("2.04");
    expect(here.tree.get(path(3303, 0, 5750))?.value).toBe("Attic");
  });

  it("is forgotten with the Instance", async () => {
    const here = await station().registered();
    await write(here, "/3303/0", "pmin=5");
    here.tree.removeInstance(path(3303, 0));
    here.tree.addInstance(path(3303, 0));
    expect((await here.server.ask("GET", { path: "/3303/0", accept: 40 })).text).toBe("</3303/0>");
  });

  it("is kept on Update and on a new registration", async () => {
    const here = await station().registered();
    await write(here, "/3303/0", "pmin=5");
    here.server.verdict = (request) => (request.path === "/rd" ? here.server.grant(request) : { code: 0x84 });
    await here.clock.advance(210_000);
    expect(here.client.registration.location).toBe("/rd/r2");
    expect((await here.server.ask("GET", { path: "/3303/0", accept: 40 })).text).toMatch(/^<\/3303\/0>;pmin=5,/);
  });
});
