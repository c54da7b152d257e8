import { describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import { codecOf, Format } from "../../../src/content/index.ts";
import { type AccessRule, Lwm2mClient, ObjectTree } from "../../../src/lwm2m/index.ts";
import { child, path, ROOT } from "../../../src/model/path.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeServer, type Heard } from "../../support/fake-server.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { ACCOUNT } from "../../support/station.ts";
import { plant, R, TEST, testModels } from "../../support/test-object.ts";
import { wire } from "../../support/virtual-network.ts";

const rule = (objectInstance: number, rights: readonly (readonly [number, number])[]): AccessRule => ({
  instance: objectInstance,
  object: TEST,
  objectInstance,
  rights: new Map(rights),
  owner: 1,
});

/** Two Instances of the test Object: the first is for both servers to read, the second for server 1 alone. */
async function shared(secondOn0: number, secondOn1 = 0) {
  const clock = new FakeClock();
  const tree = new ObjectTree();
  plant(tree, clock);
  for (const id of [0, 1]) {
    const instance = path(TEST, id);
    tree.addInstance(instance);
    tree.set(child(instance, R.integer), id, clock.now());
    tree.onExecute(child(instance, R.increment), () => undefined);
  }
  const ends = [wire(), wire()];
  const servers = ends.map(({ far }) => new FakeServer(far));
  const client = new Lwm2mClient({
    endpoint: "shared",
    tree,
    provision: {
      accounts: [1, 2].map((shortServerId) => ({ ...ACCOUNT, uri: `coap://s${shortServerId}`, shortServerId })),
      access: [rule(0, [[2, secondOn0]]), rule(1, [[2, secondOn1]])],
    },
    models: testModels,
    connect: ({ uri }) => (uri.endsWith("1") ? ends[0]!.near : ends[1]!.near),
    clock,
    random: new SeededRandom(3),
    log: silentLog,
  });
  client.start();
  await clock.advance(1_000);
  return { tree, clock, first: servers[0]!, second: servers[1]! };
}

const paths = ({ format, payload }: Heard): string[] =>
  codecOf(format!)!
    .decode(payload, ROOT, (where) => testModels.resource(where))
    .map(({ path: where }) => where);

const READ = 1;
const WRITE = 2;
const EXECUTE = 4;
const DELETE = 8;

describe("Rights of several servers (LwM2M Core 1.2 §8.2)", () => {
  it("leave Instances out of the Read of an Object that the server may not read", async () => {
    const { first, second } = await shared(READ);
    const ask = { path: `/${TEST}`, accept: Format.SenmlJson };
    expect(paths(await first.ask("GET", ask))).toEqual(["/33605/0/12", "/33605/1/12"]);
    expect(paths(await second.ask("GET", ask))).toEqual(["/33605/0/12"]);
    expect((await second.ask("GET", { path: "/33605/1" })).code).toBe("4.01");
    expect((await second.ask("GET", { path: "/33605/1/12", observe: 0 })).code).toBe("4.01");
    expect((await second.ask("PUT", { path: "/33605/1/12", query: ["pmin=1"] })).code).toBe("4.01");
  });

  it("close an Object of which nothing may be read", async () => {
    const { second } = await shared(0);
    expect((await second.ask("GET", { path: `/${TEST}` })).code).toBe("4.01");
    expect((await second.ask("PUT", { path: `/${TEST}`, query: ["pmin=1"] })).code).toBe("4.01");
  });

  it("leave it out of Read-Composite and Observe-Composite, which are 4.01 if nothing else was asked for", async () => {
    const { tree, clock, second } = await shared(READ);
    const fetch = (names: readonly string[], observe?: 0) => ({
      path: "",
      format: Format.SenmlJson,
      payload: JSON.stringify(names.map((n) => ({ n }))),
      ...(observe === 0 && { observe }),
    });
    expect(paths(await second.ask("FETCH", fetch(["/33605/0/12", "/33605/1/12"])))).toEqual(["/33605/0/12"]);
    expect(paths(await second.ask("FETCH", fetch(["/"]))).filter((where) => where.startsWith("/33605/1"))).toEqual([]);
    expect((await second.ask("FETCH", fetch(["/33605/1/12"]))).code).toBe("4.01");
    const answer = await second.ask("FETCH", fetch(["/33605/0/12", "/33605/1/12"], 0));
    tree.set(path(TEST, 0, R.integer), 9, clock.now());
    tree.set(path(TEST, 1, R.integer), 9, clock.now());
    for (const told of second.answers(answer.message.token)) expect(paths(told)).toEqual(["/33605/0/12"]);
  });

  it("are asked before Write, Execute and Delete", async () => {
    const attempts = async (rights: number) => {
      const { second } = await shared(rights);
      const codes = [
        (await second.ask("PUT", { path: "/33605/0/12", format: 0, payload: "5" })).code,
        (await second.ask("POST", { path: "/33605/0/2" })).code,
        (await second.ask("DELETE", { path: "/33605/0" })).code,
      ];
      return codes;
    };
    expect(await attempts(READ)).toEqual(["4.01", "4.01", "4.01"]);
    expect(await attempts(WRITE)).toEqual(["2.04", "4.01", "4.01"]);
    expect(await attempts(EXECUTE)).toEqual(["4.01", "2.04", "4.01"]);
    expect(await attempts(DELETE)).toEqual(["4.01", "4.01", "2.02"]);
  });

  it("stop a Write-Composite as a whole", async () => {
    const { tree, second } = await shared(READ + WRITE);
    const payload = JSON.stringify([
      { n: "/33605/0/12", v: 5 },
      { n: "/33605/1/12", v: 5 },
    ]);
    expect((await second.ask("iPATCH", { path: "", format: Format.SenmlJson, payload })).code).toBe("4.01");
    expect(tree.get(path(TEST, 0, R.integer))?.value).toBe(0);
  });

  it("do not hide from Discover what is there", async () => {
    const { second } = await shared(0);
    expect((await second.ask("GET", { path: "/33605", accept: 40 })).code).toBe("2.05");
  });
});
