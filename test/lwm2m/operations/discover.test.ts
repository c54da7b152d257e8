import { describe, expect, it } from "vitest";
import { path } from "../../../src/model/path.ts";
import type { ObjectTree } from "../../../src/lwm2m/index.ts";
import type { FakeClock } from "../../support/fake-clock.ts";
import { station } from "../../support/station.ts";
import { R, TEST, testStation } from "../../support/test-object.ts";

describe("Discover", () => {
  const discover = async (here: ReturnType<typeof station>, where: string) =>
    here.server.ask("GET", { path: where, accept: 40 });

  it("lists an Instance with its Resources, in link-format without blanks and quotes (E41)", async () => {
    const here = await station().registered();
    expect(await discover(here, "/3/0")).toMatchObject({
      code: "2.05",
      format: 40,
      text: "</3/0>,</3/0/0>,</3/0/1>,</3/0/4>,</3/0/7>;dim=1,</3/0/9>,</3/0/11>;dim=1,</3/0/16>",
    });
  });

  it("lists an Object with its version, its Instances and their bare Resources", async () => {
    const here = await station().registered();
    here.tree.addInstance(path(3303, 4));
    here.set([3303, 4, 5700], 1);
    expect((await discover(here, "/3303")).text).toBe(
      "</3303>;ver=1.1,</3303/0>,</3303/0/5605>,</3303/0/5700>,</3303/0/5701>,</3303/4>,</3303/4/5700>",
    );
    expect((await discover(here, "/3")).text).toMatch(/^<\/3>;ver=1\.1,<\/3\/0>,<\/3\/0\/0>,/);
  });

  it("names no version for an Object of 1.0", async () => {
    const here = station({
      fill: (tree, clock) => {
        tree.addInstance(path(6, 0));
        tree.set(path(6, 0, 0), 52.5, clock.now());
      },
    });
    await here.registered();
    expect((await discover(here, "/6")).text).toBe("</6>,</6/0>,</6/0/0>");
  });

  it("lists a single Resource, with its Instances and their number if it has any", async () => {
    const here = await station().registered();
    here.set([3, 0, 7, 1], 3_000);
    expect((await discover(here, "/3303/0/5700")).text).toBe("</3303/0/5700>");
    expect((await discover(here, "/3/0/7")).text).toBe("</3/0/7>;dim=2,</3/0/7/0>,</3/0/7/1>");
  });

  it("shows attributes where this server attached them (E42)", async () => {
    const here = await station().registered();
    const write = (where: string, query: string) => here.server.ask("PUT", { path: where, query: query.split("&") });
    await write("/3303", "pmin=10");
    await write("/3303/0", "pmax=60");
    await write("/3303/0/5700", "gt=25.5&st=0.5&lt=-5");
    await write("/3/0/7/0", "gt=3000");
    expect((await discover(here, "/3303")).text).toMatch(
      /^<\/3303>;ver=1\.1;pmin=10,<\/3303\/0>;pmax=60,<\/3303\/0\/5605>,<\/3303\/0\/5700>;gt=25\.5;lt=-5;st=0\.5,/,
    );
    expect((await discover(here, "/3303/0")).text).toBe(
      "</3303/0>;pmin=10;pmax=60,</3303/0/5605>,</3303/0/5700>;gt=25.5;lt=-5;st=0.5,</3303/0/5701>",
    );
    // What was asked for shows what it inherits as well (LwM2M Core 1.1 §6.3.2).
    expect((await discover(here, "/3303/0/5700")).text).toBe("</3303/0/5700>;pmin=10;pmax=60;gt=25.5;lt=-5;st=0.5");
    await write("/3303/0/5700", "gt&st&lt");
    expect((await discover(here, "/3303/0/5700")).text).toBe("</3303/0/5700>;pmin=10;pmax=60");
  });

  it("does not show default periods, which nobody attached (E42)", async () => {
    const here = await station({ account: { defaultMinimumPeriod: 5, defaultMaximumPeriod: 50 } }).registered();
    expect((await discover(here, "/3303/0/5701")).text).toBe("</3303/0/5701>");
  });

  it("shows what can be done before there is a value, and nothing that has no value and cannot be done", async () => {
    const here = station({
      fill: (tree) => {
        tree.addInstance(path(3306, 0));
        tree.onWrite(path(3306, 0, 5850), () => Promise.resolve({ status: "done" }));
        tree.onExecute(path(3306, 0, 5605), () => Promise.resolve({ status: "done" }));
      },
    });
    await here.registered();
    expect((await discover(here, "/3306/0")).text).toBe("</3306/0>,</3306/0/5605>,</3306/0/5850>");
  });

  it("shows the Server Object", async () => {
    const here = await station().registered();
    expect((await discover(here, "/1")).text).toBe(
      "</1>;ver=1.1,</1/0>,</1/0/0>,</1/0/1>,</1/0/4>,</1/0/5>,</1/0/6>,</1/0/7>,</1/0/8>,</1/0/23>",
    );
  });

  it("E42: shows no attribute of a newer version than the server has written", async () => {
    const here = await station({ account: { version: "1.2" } }).registered();
    expect((await discover(here, "/3303/0/5700")).text).toBe("</3303/0/5700>");
    await here.server.ask("PUT", { path: "/3303/0/5700", query: ["pmin=5"] });
    expect((await discover(here, "/3303/0/5700")).text).toBe("</3303/0/5700>;pmin=5");
  });

  it("is refused for the root, which is for bootstrap, and for Resource Instances", async () => {
    const here = await station().registered();
    expect((await discover(here, "")).code).toBe("4.00");
    expect((await discover(here, "/3/0/7/0")).code).toBe("4.05");
  });

  it("answers 4.04 where nothing is", async () => {
    const here = await station().registered();
    for (const where of ["/9", "/3303/1", "/3303/0/5518"])
      expect((await discover(here, where)).code, where).toBe("4.04");
  });
});

describe("Discover to a depth (LwM2M Core 1.2 §6.3.2)", () => {
  const prepared = async () => {
    const here = await testStation({ account: { version: "1.2" }, fill: plantSome });
    await here.server.ask("PUT", { path: "/33605", query: ["pmin=1"] });
    await here.server.ask("PUT", { path: "/33605/0", query: ["pmax=2"] });
    await here.server.ask("PUT", { path: "/33605/0/12", query: ["gt=3"] });
    await here.server.ask("PUT", { path: "/33605/0/3/1", query: ["lt=4"] });
    return here;
  };
  /** A small Instance: a list of two, an empty list, a number. */
  const plantSome = (tree: ObjectTree, clock: FakeClock) => {
    tree.onCreate(TEST, undefined, {
      defaults: { [R.counter]: 0, [R.integers]: [5, 6], [R.arguments]: [], [R.integer]: 1 },
    });
    tree.addInstance(path(3, 0));
    tree.set(path(3, 0, 0), "Isthmus", clock.now());
  };
  const resources = "</33605/0/1>,</33605/0/2>,</33605/0/3>;dim=2,</33605/0/4>;dim=0,</33605/0/12>;gt=3";
  const withInstances =
    "</33605/0/1>,</33605/0/2>,</33605/0/3>;dim=2,</33605/0/3/0>,</33605/0/3/1>;lt=4,</33605/0/4>;dim=0,</33605/0/12>;gt=3";

  it.each([
    ["/33605", 0, "</33605>;pmin=1"],
    ["/33605", 1, "</33605>;pmin=1,</33605/0>;pmax=2"],
    ["/33605", 2, `</33605>;pmin=1,</33605/0>;pmax=2,${resources}`],
    ["/33605", 3, `</33605>;pmin=1,</33605/0>;pmax=2,${withInstances}`],
    ["/33605", undefined, `</33605>;pmin=1,</33605/0>;pmax=2,${resources}`],
    ["/33605/0", 0, "</33605/0>;pmin=1;pmax=2"],
    ["/33605/0", 1, `</33605/0>;pmin=1;pmax=2,${resources}`],
    ["/33605/0", 2, `</33605/0>;pmin=1;pmax=2,${withInstances}`],
    ["/33605/0", 3, `</33605/0>;pmin=1;pmax=2,${withInstances}`],
    ["/33605/0", undefined, `</33605/0>;pmin=1;pmax=2,${resources}`],
    ["/33605/0/3", 0, "</33605/0/3>;dim=2;pmin=1;pmax=2"],
    ["/33605/0/3", 1, "</33605/0/3>;dim=2;pmin=1;pmax=2,</33605/0/3/0>,</33605/0/3/1>;lt=4"],
    ["/33605/0/3", 3, "</33605/0/3>;dim=2;pmin=1;pmax=2,</33605/0/3/0>,</33605/0/3/1>;lt=4"],
    ["/33605/0/3", undefined, "</33605/0/3>;dim=2;pmin=1;pmax=2,</33605/0/3/0>,</33605/0/3/1>;lt=4"],
    ["/33605/0/12", 3, "</33605/0/12>;pmin=1;pmax=2;gt=3"],
  ])("shows of %s with depth %s just that", async (where, depth, links) => {
    const here = await prepared();
    const query = depth === undefined ? [] : [`depth=${depth}`];
    expect(await here.server.ask("GET", { path: where, accept: 40, query })).toMatchObject({
      code: "2.05",
      format: 40,
      text: links,
    });
  });

  it("knows no depth before LwM2M 1.2", async () => {
    const here = await station().registered();
    expect((await here.server.ask("GET", { path: "/3", accept: 40, query: ["depth=1"] })).code).toBe("4.00");
  });
});
