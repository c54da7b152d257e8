import { describe, expect, it } from "vitest";
import { createThing, loadModels, MemoryBacklog, parsePath } from "../../src/engine.ts";

const LAMP = `<LWM2M><Object ObjectType="MODefinition"><Name>Own</Name><ObjectID>32769</ObjectID><ObjectVersion>1.0</ObjectVersion>
<MultipleInstances>Multiple</MultipleInstances><Mandatory>Optional</Mandatory><Resources><Item ID="1"><Name>Level</Name><Operations>RW</Operations>
<MultipleInstances>Single</MultipleInstances><Mandatory>Mandatory</Mandatory><Type>Integer</Type><RangeEnumeration>0..10</RangeEnumeration><Units></Units></Item>
<Item ID="2"><Name>Names</Name><Operations>R</Operations><MultipleInstances>Multiple</MultipleInstances><Mandatory>Optional</Mandatory>
<Type>String</Type></Item></Resources></Object></LWM2M>`;

const thing = (more: Partial<Parameters<typeof createThing>[0]> = {}) =>
  createThing({ endpoint: "thing", servers: "coap://127.0.0.1:1", ...more });

describe("a thing that is filled", () => {
  it("shows the Instance of whatever is set", async () => {
    const here = await thing();
    here.set("/3303/0/5700", 21.5);
    expect(here.get("/3303/0/5700")).toBe(21.5);
    expect(here.tree.instances()).toEqual(["/3303/0"]);
    here.add("/3303/1");
    here.remove("/3303/0");
    expect(here.tree.instances()).toEqual(["/3303/1"]);
    expect(here.get("/3303/0/5700")).toBeUndefined();
  });

  it("takes values of the past with their time", async () => {
    const here = await thing();
    here.set("/3303/0/5700", 4, new Date(1_700_000_000_000));
    const path = parsePath("/3303/0/5700");
    expect(path && here.tree.get(path)?.at).toEqual({ ms: 1_700_000_000_000, trusted: true });
  });

  it.each([
    ["/3303/0", "no Resource"],
    ["3303/0/5700", "no path"],
    ["/3303/0/5700/1/2", "no path"],
    ["", "no path"],
  ])("refuses %j", async (path, words) => {
    const here = await thing();
    expect(() => here.set(path, 1)).toThrow(words);
    expect(() => here.setAll({ [path]: 1 })).toThrow(words);
  });

  it("refuses a value of another type than the Resource's", async () => {
    const here = await thing();
    expect(() => here.set("/3303/0/5700", "warm")).toThrow(RangeError);
    expect(here.get("/3303/0/5700")).toBeUndefined();
  });

  it("sets several as one change, and lists as a whole", async () => {
    const here = await thing();
    const told: (readonly string[])[] = [];
    here.tree.onDifference((paths) => told.push(paths));
    here.setAll({ "/3313/0/5702": 1, "/3313/0/5703": 2 });
    here.setList("/3/0/6", [1, 5]);
    here.setList("/3/0/6", [1]);
    expect(told[0]).toEqual(["/3313/0/5702", "/3313/0/5703"]);
    expect(here.get("/3/0/6/0")).toBe(1);
    expect(here.get("/3/0/6/1")).toBeUndefined();
  });

  it("knows Objects that its owner describes", async () => {
    const here = await thing({ objects: [LAMP] });
    here.set("/32769/0/1", 7);
    expect(() => here.set("/32769/0/1", "x")).toThrow(RangeError);
    expect((await loadModels([LAMP])).object(32_769)?.name).toBe("Own");
    await expect(thing({ objects: ["<LWM2M>"] })).rejects.toThrow("DDF");
  });
});

describe("a thing that is made", () => {
  it.each(["", "server", "coap://"])("refuses %j for a server", async (servers) => {
    await expect(thing({ servers })).rejects.toThrow("no URI");
  });

  it("gives servers written as text short ids in their order", async () => {
    const here = await thing({ servers: ["coap://127.0.0.1:1", "coap://127.0.0.1:2"], lifetime: 60 });
    expect(here.registrations.map(({ shortServerId, server, lifetime }) => [shortServerId, server, lifetime])).toEqual([
      [1, "coap://127.0.0.1:1", 60],
      [2, "coap://127.0.0.1:2", 60],
    ]);
    expect(here.state).toBe("off");
  });

  it.each(["", "{", "[]", '{"factory":1}', '{"factory":"x","provision":{"accounts":7}}'])(
    "begins anew where %j was saved",
    async (saved) => {
      expect((await thing({ saved })).registrations).toHaveLength(1);
    },
  );

  it("hands on what the client can be told", async () => {
    const here = await thing({ client: { backlog: () => new MemoryBacklog(5) } });
    expect(here.interest("/3303/0/5700")).toEqual({ observations: 0 });
    await here.stop();
    await here.stop();
  });

  it("has nobody to send to before it is registered", async () => {
    const here = await thing();
    here.set("/3303/0/5700", 1);
    expect([...(await here.send(["/3303/0/5700"], { defer: false })).values()]).toMatchObject([{ status: "refused" }]);
  });
});
