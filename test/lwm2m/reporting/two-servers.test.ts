import { describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import { Format } from "../../../src/content/index.ts";
import { type Account, type AccessRule, Lwm2mClient, ObjectTree } from "../../../src/lwm2m/index.ts";
import { path } from "../../../src/model/path.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeServer } from "../../support/fake-server.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { ACCOUNT, models, thermometer } from "../../support/station.ts";
import { wire } from "../../support/virtual-network.ts";
import { VALUE, values } from "./watching.ts";

const TEMPERATURE = path(3303, 0, 5700);
const READABLE: AccessRule = {
  instance: 0,
  object: 3303,
  objectInstance: 0,
  rights: new Map([[2, 1]]),
  owner: 1,
};

/** A thermometer at two servers, of which the first owns its Object Instance where there is a rule. */
async function bench(second: Partial<Account> = {}, access?: readonly AccessRule[]) {
  const clock = new FakeClock();
  const tree = new ObjectTree();
  thermometer(tree, clock);
  const ends = [wire(), wire()];
  const [one, two] = ends.map(({ far }) => new FakeServer(far));
  const client = new Lwm2mClient({
    endpoint: "shared",
    tree,
    provision: {
      accounts: [
        { ...ACCOUNT, lifetime: 1e6, uri: "coap://s1", shortServerId: 1 },
        { ...ACCOUNT, lifetime: 1e6, uri: "coap://s2", shortServerId: 2, ...second },
      ],
      ...(access && { access }),
    },
    models,
    connect: ({ uri }) => (uri.endsWith("1") ? ends[0]!.near : ends[1]!.near),
    clock,
    random: new SeededRandom(3),
    log: silentLog,
  });
  client.start();
  await clock.advance(1_000);
  const watch = (server: FakeServer) => {
    const token = server.send("GET", { path: VALUE, observe: 0, accept: Format.SenmlJson });
    return () => server.answers(token).slice(1);
  };
  return { clock, tree, client, one: one!, two: two!, watch };
}

describe("two servers that observe the same", () => {
  it("are told by their own attributes, and each in its own way", async () => {
    const { clock, tree, one, two, watch } = await bench({ confirmNotifications: true });
    await two.ask("PUT", { path: VALUE, query: ["st=14"] });
    const [first, second] = [watch(one), watch(two)];
    for (const value of [25, 31, 35]) tree.set(TEMPERATURE, value, clock.now());
    await clock.advance(10);
    expect(first().map((heard) => `${heard.type} ${values(heard).join(" ")}`)).toEqual(
      ["25", "31", "35"].map((value) => `NON ${value}`),
    );
    expect(second()).toEqual([]);
    tree.set(TEMPERATURE, 36, clock.now());
    expect(second().map((heard) => `${heard.type} ${values(heard).join(" ")}`)).toEqual(["CON 36"]);
    expect((await one.ask("GET", { path: VALUE, accept: 40 })).text).not.toContain("st=");
  });

  it("are followed together: the tighter wish counts", async () => {
    const { client, one, two, watch } = await bench({ defaultMaximumPeriod: 60 });
    await one.ask("PUT", { path: VALUE, query: ["epmax=20", "pmin=5"] });
    await two.ask("PUT", { path: VALUE, query: ["epmax=30", "pmin=2"] });
    watch(one);
    watch(two);
    expect(client.interest(TEMPERATURE)).toEqual({ observations: 2, pmin: 2, pmax: 60, epmax: 20 });
  });

  it("lose the observation with the right to read, told with 4.01", async () => {
    const { clock, tree, client, one, two, watch } = await bench({}, [READABLE]);
    const [first, second] = [watch(one), watch(two)];
    await clock.advance(10);
    const change = { path: "/2/0", format: Format.SenmlJson, payload: `[{"bn":"/2/0/","n":"2/2","v":0}]` };
    expect((await one.ask("POST", change)).code).toBe("2.04");
    await clock.advance(1_000);
    expect(second()).toMatchObject([{ code: "4.01", type: "CON", observe: undefined }]);
    tree.set(TEMPERATURE, 30, clock.now());
    expect(second()).toHaveLength(1);
    expect(first()).toHaveLength(1);
    expect(client.registrations.map(({ observations }) => observations)).toEqual([1, 0]);
  });
});

describe("Send to two servers", () => {
  it("tells how it ended at each", async () => {
    const { clock, client, one, two } = await bench({ muteSend: true });
    const outcome = client.send([TEMPERATURE]);
    await clock.advance(10);
    expect((await outcome).get(1)).toEqual({ status: "sent" });
    expect((await outcome).get(2)).toMatchObject({ status: "refused" });
    expect([one, two].map(({ log }) => log.filter((line) => line.endsWith("/dp")).length)).toEqual([1, 0]);
  });

  it("leaves out what one of them may not read", async () => {
    const { clock, client, two } = await bench({}, [{ ...READABLE, rights: new Map() }]);
    const outcome = client.send([TEMPERATURE, path(3, 0, 9)]);
    await clock.advance(10);
    expect([...(await outcome).values()]).toEqual([{ status: "sent" }, { status: "sent" }]);
    expect(values(two.requests.find(({ path: at }) => at === "/dp")!)).toEqual(["87"]);
  });

  it("goes to the one that is named alone", async () => {
    const { clock, client, one, two } = await bench();
    const outcome = client.send([TEMPERATURE], { server: 2 });
    await clock.advance(10);
    expect([...(await outcome).keys()]).toEqual([2]);
    expect([one, two].map(({ log }) => log.includes("POST /dp"))).toEqual([false, true]);
  });
});
