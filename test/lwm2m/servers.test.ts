import { describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { Lwm2mClient, ObjectTree } from "../../src/lwm2m/index.ts";
import { path } from "../../src/model/path.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { FakeServer } from "../support/fake-server.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { ACCOUNT, models, thermometer } from "../support/station.ts";
import { wire } from "../support/virtual-network.ts";

/** One tree, shown to two servers. */
function twoServers() {
  const clock = new FakeClock();
  const tree = new ObjectTree();
  thermometer(tree, clock);
  const ends = [1, 2].map((shortServerId) => {
    const { near, far } = wire();
    const server = new FakeServer(far);
    const account = { ...ACCOUNT, shortServerId };
    const random = new SeededRandom(shortServerId);
    const options = {
      endpoint: "tag",
      tree,
      provision: { accounts: [account] },
      models,
      clock,
      random,
      log: silentLog,
    };
    return { server, client: new Lwm2mClient({ ...options, connect: () => near }) };
  });
  for (const { client } of ends) client.start();
  return { clock, tree, one: ends[0]!, two: ends[1]! };
}

describe("two servers of one sensor", () => {
  it("see their own Server Object, and the same measurements", async () => {
    const { one, two } = twoServers();
    await settle();
    expect((await one.server.ask("GET", { path: "/1/0/0" })).text).toBe("1");
    expect((await two.server.ask("GET", { path: "/1/0/0" })).text).toBe("2");
    expect((await two.server.ask("GET", { path: "/3303/0/5700" })).text).toBe("22.0");
    await one.server.ask("PUT", { path: "/1/0/1", format: 0, payload: "60" });
    expect(two.client.registration.lifetime).toBe(300);
  });

  it("have their own attributes and observations (LwM2M Core 1.1 §5.1.2)", async () => {
    const { clock, tree, one, two } = twoServers();
    await settle();
    await one.server.ask("PUT", { path: "/3303/0/5700", query: ["gt=100"] });
    const tokens = [one, two].map(({ server }) => server.send("GET", { path: "/3303/0/5700", observe: 0 }));
    tree.set(path(3303, 0, 5700), 50, clock.now());
    expect(one.server.answers(tokens[0]!)).toHaveLength(1);
    expect(two.server.answers(tokens[1]!)).toHaveLength(2);
    expect((await two.server.ask("GET", { path: "/3303/0/5700", accept: 40 })).text).toBe("</3303/0/5700>");
  });

  it("do not take each other along when one goes away", async () => {
    const { clock, tree, one, two } = twoServers();
    await settle();
    const token = two.server.send("GET", { path: "/3303/0/5700", observe: 0 });
    await one.server.ask("POST", { path: "/1/0/4" });
    await clock.advance(300);
    expect(one.server.log.at(-1)).toBe("DELETE /rd/r1");
    expect(two.client.registration.state).toBe("registered");
    tree.set(path(3303, 0, 5700), 50, clock.now());
    expect(two.server.answers(token)).toHaveLength(2);
  });
});
