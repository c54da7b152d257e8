import { describe, expect, it } from "vitest";
import { Format } from "../../src/content/index.ts";
import { permits, Right, rightsOf } from "../../src/lwm2m/access.ts";
import type { AccessRule } from "../../src/lwm2m/index.ts";
import { Provisioned } from "../../src/lwm2m/provisioned.ts";
import { path } from "../../src/model/path.ts";
import { BootstrapBench } from "../support/bootstrap-bench.ts";
import { thermometer } from "../support/station.ts";

const ONE = "coap://one:5683";
const TWO = "coap://two:5683";
const account = (shortServerId: number, uri: string) => ({ uri, lifetime: 300, shortServerId });
const ACCOUNTS = [account(1, ONE), account(2, TWO)];
const TEMPERATURE = path(3303, 0);
const EVERYTHING = [Right.Read, Right.Write, Right.Execute, Right.Delete, Right.Create];

const rule = (more: Partial<AccessRule> & { rights?: Map<number, number> }): AccessRule => ({
  instance: 0,
  object: 3303,
  objectInstance: 0,
  rights: new Map(),
  owner: 65_535,
  ...more,
});
const rules = (...access: AccessRule[]) => new Provisioned({ accounts: ACCOUNTS, access });
const allowed = (provisioned: Provisioned, ssid: number, where = TEMPERATURE) =>
  EVERYTHING.filter((right) => permits(provisioned, ssid, where, right));

describe("rights of servers (LwM2M Core 1.2 §8.2)", () => {
  it("are all for a single server, whatever the rules", () => {
    const single = new Provisioned({ accounts: [account(1, ONE)], access: [rule({ rights: new Map([[1, 0]]) })] });
    expect(allowed(single, 1)).toEqual(EVERYTHING);
    expect(allowed(single, 1, path(1, 0))).toEqual(EVERYTHING);
  });

  it.each<[string, AccessRule, number, number]>([
    ["those of one's own entry", rule({ rights: new Map([[1, 5]]) }), 1, 5],
    ["those of one's own entry, though one is the owner", rule({ rights: new Map([[1, 1]]), owner: 1 }), 1, 1],
    ["all for the owner without an entry", rule({ owner: 1 }), 1, 31],
    ["all for the owner, though others have an entry", rule({ owner: 1, rights: new Map([[0, 1]]) }), 1, 31],
    [
      "those of the entry for all others",
      rule({
        rights: new Map([
          [0, 3],
          [2, 31],
        ]),
      }),
      1,
      3,
    ],
    [
      "none, though there is an entry for others",
      rule({
        rights: new Map([
          [0, 31],
          [1, 0],
        ]),
      }),
      1,
      0,
    ],
    ["none without any", rule({}), 1, 0],
  ])("are %s", (_, about, ssid, bits) => {
    expect(rightsOf(about, ssid)).toBe(bits);
    expect(allowed(rules(about), ssid)).toEqual(EVERYTHING.filter((right) => (bits & right) !== 0));
  });

  it("are all where no rule is about an Instance: sensors are shared", () => {
    expect(allowed(rules(rule({ object: 3, rights: new Map() })), 1)).toEqual(EVERYTHING);
  });

  it("are none to the Server Object Instance of another, unless a rule says so", () => {
    const none = new Provisioned({ accounts: ACCOUNTS });
    expect(allowed(none, 1, path(1, 0))).toEqual(EVERYTHING);
    expect(allowed(none, 1, path(1, 1))).toEqual([]);
    const shared = rules(rule({ object: 1, objectInstance: 1, rights: new Map([[1, 1]]), owner: 2 }));
    expect(allowed(shared, 1, path(1, 1))).toEqual([Right.Read]);
  });

  it("include Create by the rule about no Instance of an Object", () => {
    const creation = rules(rule({ objectInstance: 65_535, rights: new Map([[1, 16]]) }));
    expect(permits(creation, 1, path(3303), Right.Create)).toBe(true);
    expect(permits(creation, 2, path(3303), Right.Create)).toBe(false);
    expect(permits(creation, 2, path(3304), Right.Create)).toBe(true);
  });

  it("to a rule itself are its owner's, but everyone may read it", () => {
    const provisioned = rules(rule({ instance: 4, owner: 1, rights: new Map([[2, 1]]) }));
    expect(allowed(provisioned, 1, path(2, 4))).toEqual([Right.Read, Right.Write]);
    expect(allowed(provisioned, 2, path(2, 4))).toEqual([Right.Read]);
    expect(allowed(rules(rule({ instance: 4, owner: 1 })), 2, path(2, 4))).toEqual([Right.Read]);
  });
});

async function twoServers(access?: readonly AccessRule[]): Promise<BootstrapBench> {
  const bench = new BootstrapBench({
    bootstrap: null,
    accounts: ACCOUNTS,
    ...(access && { access }),
    fill: (tree, clock) => {
      thermometer(tree, clock);
      tree.onCreate(3311);
      tree.onDelete(3311);
      tree.allowWrite(path(3311));
    },
  });
  return bench.started();
}

const code = async (asked: Promise<{ code: string }>) => (await asked).code;

describe("two servers, one of which may administer the account of the other", () => {
  const ADMINISTERED = rule({ object: 1, objectInstance: 0, rights: new Map([[2, 7]]), owner: 1 });

  it("disables it for its time, and from anew when it says so again (LwM2M Core 1.2 §E.2)", async () => {
    const bench = await twoServers([ADMINISTERED]);
    const [one, two] = [bench.server(ONE), bench.server(TWO)];
    one.requests.length = 0;
    expect(await code(two.ask("PUT", { path: "/1/0/5", format: Format.Text, payload: "60" }))).toBe("2.04");
    expect(await code(two.ask("POST", { path: "/1/0/4" }))).toBe("2.04");
    await bench.clock.advance(40_000);
    expect(one.log).toEqual(["DELETE /rd/r1"]);
    expect(await code(two.ask("POST", { path: "/1/0/4" }))).toBe("2.04");
    await bench.clock.advance(59_000);
    expect(one.log).toHaveLength(1);
    await bench.clock.advance(2_000);
    expect(one.log[1]).toMatch(/^POST \/rd\?lwm2m=/);
  });

  it("hears of a new rule once, and as a whole", async () => {
    const bench = await twoServers([ADMINISTERED]);
    const one = bench.server(ONE);
    const token = one.send("GET", { path: "/2", observe: 0, accept: Format.SenmlJson });
    await bench.clock.advance(10);
    const created = { path: "/3311", format: Format.Tlv, payload: Uint8Array.of(0xe1, 0x16, 0xda, 1) };
    expect(await code(bench.server(TWO).ask("POST", created))).toBe("2.01");
    await bench.clock.advance(1_000);
    const told = one.answers(token);
    expect(told).toHaveLength(2);
    expect(told[1]?.text).toContain("3311");
  });

  it("triggers its Update, and nothing where it has no right", async () => {
    const bench = await twoServers([ADMINISTERED]);
    const [one, two] = [bench.server(ONE), bench.server(TWO)];
    one.requests.length = 0;
    expect(await code(two.ask("POST", { path: "/1/0/8" }))).toBe("2.04");
    await bench.clock.advance(1_000);
    expect(one.log).toEqual(["POST /rd/r1"]);
    expect(await code(one.ask("POST", { path: "/1/1/8" }))).toBe("4.01");
    expect(await code(two.ask("POST", { path: "/1/0/1" }))).toBe("4.05");
  });
});

describe("two servers with a rule between them", () => {
  const READ_ONLY = rule({ instance: 3, rights: new Map([[2, 1]]), owner: 1 });

  it("do what they may, and are answered 4.01 otherwise", async () => {
    const bench = await twoServers([READ_ONLY]);
    const [one, two] = [bench.server(ONE), bench.server(TWO)];
    const name = { path: "/3303/0/5750", format: Format.Text, payload: "kitchen" };
    expect(await code(two.ask("GET", { path: "/3303/0/5700" }))).toBe("2.05");
    expect(await code(two.ask("PUT", name))).toBe("4.01");
    expect(await code(two.ask("POST", { path: "/3303/0/5605" }))).toBe("4.01");
    expect(await code(one.ask("PUT", name))).toBe("2.04");
    expect(await code(one.ask("POST", { path: "/3303/0/5605" }))).toBe("2.04");
  });

  it("see it in Object 2, in Register and in Discover", async () => {
    const bench = await twoServers([READ_ONLY]);
    for (const uri of [ONE, TWO]) expect(bench.server(uri).requests[0]?.text).toContain("</2>;ver=1.1,</2/3>");
    const { text } = await bench.server(ONE).ask("GET", { path: "/2", accept: Format.LinkFormat });
    expect(text).toContain("</2/3>");
    const read = await bench.server(TWO).ask("GET", { path: "/2/3", accept: Format.SenmlJson });
    expect(JSON.parse(read.text)).toEqual([
      { bn: "/2/3/", n: "0", v: 3303 },
      { n: "1", v: 0 },
      { n: "2/2", v: 1 },
      { n: "3", v: 1 },
    ]);
  });

  it("have it changed by its owner alone, at once and for good", async () => {
    const bench = await twoServers([READ_ONLY]);
    const [one, two] = [bench.server(ONE), bench.server(TWO)];
    const change = { path: "/2/3", format: Format.SenmlJson, payload: `[{"bn":"/2/3/","n":"2/2","v":3}]` };
    expect(await code(two.ask("POST", change))).toBe("4.01");
    expect(await code(one.ask("POST", change))).toBe("2.04");
    expect(bench.provisions.at(-1)?.access?.[0]?.rights.get(2)).toBe(3);
    expect(await code(two.ask("PUT", { path: "/3303/0/5750", format: Format.Text, payload: "x" }))).toBe("2.04");
  });

  it("cannot write nonsense into it", async () => {
    const bench = await twoServers([READ_ONLY]);
    const one = bench.server(ONE);
    const change = (payload: string) => one.ask("POST", { path: "/2/3", format: Format.SenmlJson, payload });
    expect(await code(change(`[{"bn":"/2/3/","n":"2/2","v":99}]`))).toBe("4.00");
    expect(await code(change(`[{"bn":"/2/3/","n":"0","v":4}]`))).toBe("4.05");
    expect(bench.provisions).toEqual([]);
  });

  it("may hand it over", async () => {
    const bench = await twoServers([READ_ONLY]);
    const owner = { path: "/2/3/3", format: Format.Text, payload: "2" };
    expect(await code(bench.server(ONE).ask("PUT", owner))).toBe("2.04");
    expect(await code(bench.server(ONE).ask("PUT", owner))).toBe("4.01");
    expect(await code(bench.server(TWO).ask("PUT", owner))).toBe("2.04");
  });
});

describe("an Instance that one of two servers has created (§8.1.1)", () => {
  const CREATE = { path: "/3311", format: Format.SenmlJson, payload: `[{"bn":"/3311/4/","n":"5850","vb":true}]` };

  it("belongs to it, until it deletes it", async () => {
    const bench = await twoServers();
    const [one, two] = [bench.server(ONE), bench.server(TWO)];
    expect(await code(one.ask("POST", CREATE))).toBe("2.01");
    expect(bench.provisions.at(-1)?.access).toEqual([rule({ object: 3311, objectInstance: 4, owner: 1 })]);
    expect(await code(two.ask("GET", { path: "/3311/4/5850" }))).toBe("4.01");
    expect(await code(two.ask("DELETE", { path: "/3311/4" }))).toBe("4.01");
    expect(await code(one.ask("GET", { path: "/3311/4/5850" }))).toBe("2.05");
    // The sensor itself stays everybody's.
    expect(await code(two.ask("GET", { path: "/3303/0/5700" }))).toBe("2.05");
    expect(await code(one.ask("DELETE", { path: "/3311/4" }))).toBe("2.02");
    expect(bench.provisions.at(-1)?.access).toEqual([]);
    expect(bench.tree.instances().filter((each) => each.startsWith("/2/"))).toEqual([]);
  });

  it("can be shared by its owner", async () => {
    const bench = await twoServers();
    const [one, two] = [bench.server(ONE), bench.server(TWO)];
    await one.ask("POST", CREATE);
    const share = { path: "/2/0", format: Format.SenmlJson, payload: `[{"bn":"/2/0/","n":"2/0","v":1}]` };
    expect(await code(one.ask("POST", share))).toBe("2.04");
    expect(await code(two.ask("GET", { path: "/3311/4/5850" }))).toBe("2.05");
    expect(await code(two.ask("DELETE", { path: "/3311/4" }))).toBe("4.01");
  });

  it("needs no rule where there is one server", async () => {
    const bench = new BootstrapBench({
      bootstrap: null,
      accounts: [account(1, ONE)],
      fill: (tree) => tree.onCreate(3311),
    });
    await bench.started();
    expect(await code(bench.server(ONE).ask("POST", CREATE))).toBe("2.01");
    expect(bench.provisions).toEqual([]);
    expect(bench.tree.instances().some((each) => each.startsWith("/2/"))).toBe(false);
  });
});
