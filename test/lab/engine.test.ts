/** Our own client engine against the lab over real sockets: two implementations of CoAP that have never met. */

import { afterEach, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { SystemClock } from "../../src/base/system-clock.ts";
import { udp } from "../../src/io/udp.ts";
import { Lwm2mClient, ObjectTree } from "../../src/lwm2m/index.ts";
import { path } from "../../src/model/path.ts";
import { LabBench, models } from "../support/lab-bench.ts";

const clock = new SystemClock();
const VALUE = path(3303, 0, 5700);
const RELAY = path(3306, 0, 5850);
const RESET = path(3303, 0, 5605);

let bench: LabBench;
const clients: Lwm2mClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.stop(2_000)));
  await bench.stop();
});

function client(endpoint: string) {
  const tree = new ObjectTree();
  const at = clock.now();
  for (const instance of [path(3, 0), path(3303, 0), path(3306, 0)]) tree.addInstance(instance);
  tree.set(path(3, 0, 0), "Isthmus", at);
  tree.set(VALUE, 21.5, at);
  tree.set(path(3303, 0, 5701), "Cel", at);
  tree.set(RELAY, false, at);
  const made = new Lwm2mClient({
    endpoint,
    tree,
    provision: { accounts: [{ uri: `coap://127.0.0.1:${bench.port}`, lifetime: 300, shortServerId: 1 }] },
    models,
    connect: () => udp({ host: "127.0.0.1", port: bench.port }),
    clock,
    random: systemRandom,
    log: silentLog,
  });
  clients.push(made);
  return { tree, client: made };
}

/** Two hundred Instances: more than one message holds. */
function crowd(tree: ObjectTree): void {
  for (let instance = 0; instance < 200; instance++) {
    tree.addInstance(path(3303, instance));
    tree.set(path(3303, instance, 5700), instance, clock.now());
  }
}

async function registered(endpoint = "kitchen", options = {}) {
  bench = await new LabBench(options).start();
  const made = client(endpoint);
  made.client.start();
  await bench.event("client");
  const known = bench.lab.client(endpoint);
  if (!known) throw new Error("not registered");
  return { ...made, known, ask: bench.lab.operations };
}

const valueEvent = (at: string, wanted: unknown) => bench.event("value", ({ values }) => values[at]?.value === wanted);

describe("our client at the lab", () => {
  it("registers with its Objects and their versions, and is observed without anyone asking", async () => {
    const { known } = await registered();
    await valueEvent(VALUE, 21.5);
    await valueEvent("/3/0/0", "Isthmus");
    expect(bench.lab.clients()[0]).toMatchObject({ endpoint: "kitchen", version: "1.1", lifetime: 300 });
    expect(known.objects).toEqual(["/1/0", "/3/0", "/3303/0", "/3306/0"]);
    expect(bench.lab.clients()[0]?.values[VALUE]).toMatchObject({ name: "Temperature", unit: "Cel" });
  });

  it("tells every change to the observer", async () => {
    const { tree } = await registered();
    await bench.event("client", ({ client: now }) => now.observations.includes("/3303/0"));
    for (const value of [22, 22.25, -3.5]) {
      tree.set(VALUE, value, clock.now());
      await valueEvent(VALUE, value);
    }
  });

  it("is read in every format it knows", async () => {
    const { known, ask } = await registered("kitchen", { watch: false });
    for (const format of [0, 60, 110, 112, 11542])
      expect(await ask.read(known, VALUE, format), `format ${format}`).toMatchObject({
        code: "2.05",
        values: { [VALUE]: { value: 21.5 } },
      });
    expect(await ask.read(known, path(3303, 0))).toMatchObject({ values: { "/3303/0/5701": { value: "Cel" } } });
    expect(await ask.read(known, path(3303, 9))).toMatchObject({ code: "4.04" });
  });

  it("answers a Write when the device has confirmed it, by text and by TLV", async () => {
    const { tree, known, ask } = await registered("kitchen", { watch: false });
    tree.onWrite(RELAY, (at, value) => {
      tree.set(at, value, clock.now());
      return Promise.resolve({ status: "done" });
    });
    expect(await ask.write(known, RELAY, true)).toEqual({ code: "2.04" });
    expect(tree.get(RELAY)?.value).toBe(true);
    expect(await ask.write(known, RELAY, false, 11542)).toEqual({ code: "2.04" });
    expect(tree.get(RELAY)?.value).toBe(false);
  });

  it("says why a Write or an Execute failed", async () => {
    const { tree, known, ask } = await registered("kitchen", { watch: false });
    expect(await ask.write(known, VALUE, 3)).toMatchObject({ code: "4.05" });
    tree.onWrite(RELAY, () => Promise.resolve({ status: "timeout" }));
    expect(await ask.write(known, RELAY, true)).toMatchObject({ code: "5.04" });
    expect(await ask.execute(known, RESET)).toMatchObject({ code: expect.stringMatching(/^4\.0[45]$/) as unknown });
  });

  it("executes with arguments", async () => {
    const { tree, known, ask } = await registered("kitchen", { watch: false });
    const heard: string[] = [];
    tree.onExecute(RESET, (_, args) => {
      heard.push(args);
      return Promise.resolve({ status: "done" });
    });
    expect(await ask.execute(known, RESET)).toEqual({ code: "2.04" });
    expect(await ask.execute(known, RESET, "0='now'")).toEqual({ code: "2.04" });
    expect(heard).toEqual(["", "0='now'"]);
  });

  it("is discovered", async () => {
    const { known, ask } = await registered("kitchen", { watch: false });
    const result = await ask.discover(known, path(3303, 0));
    const targets = "links" in result ? result.links.map(({ target }) => target) : undefined;
    expect(targets).toEqual(expect.arrayContaining(["/3303/0", "/3303/0/5700", "/3303/0/5701"]));
  });

  it("stops telling when the observation is cancelled", async () => {
    const { known, ask, client: ours } = await registered("kitchen", { watch: false });
    expect(await ask.observe(known, path(3303, 0))).toMatchObject({ code: "2.05" });
    expect(ours.registration.observations).toBe(1);
    await ask.cancel(known, path(3303, 0));
    expect(ours.registration.observations).toBe(0);
  });

  it("de-registers when it stops", async () => {
    const { client: ours } = await registered();
    await ours.stop();
    expect(await bench.event("gone")).toEqual({ type: "gone", endpoint: "kitchen", reason: "deregistered" });
    expect(bench.lab.clients()).toEqual([]);
  });

  it("sends a Register of many Instances in blocks, and it arrives whole", async () => {
    bench = await new LabBench({ watch: false }).start();
    const { tree, client: ours } = client("large");
    crowd(tree);
    ours.start();
    await bench.event("client");
    expect(bench.lab.clients()[0]?.objects).toHaveLength(203);
  });

  it("is read whole when the answer takes several blocks", async () => {
    bench = await new LabBench({ watch: false }).start();
    const { tree, client: ours } = client("large");
    crowd(tree);
    ours.start();
    await bench.event("client");
    const result = await bench.lab.operations.read(bench.lab.client("large")!, path(3303));
    const values = "values" in result ? Object.entries(result.values ?? {}) : [];
    expect(values.filter(([at]) => at.endsWith("/5700"))).toHaveLength(200);
  });

  it("comes by the hundred", async () => {
    bench = await new LabBench().start();
    for (let i = 0; i < 100; i++) client(`many-${i}`).client.start();
    const observed = new Set<string>();
    await bench.event("client", ({ client: now }) => {
      if (now.observations.length === 2) observed.add(now.endpoint);
      return observed.size === 100;
    });
    expect(bench.lab.size).toBe(100);
  }, 20_000);
});
