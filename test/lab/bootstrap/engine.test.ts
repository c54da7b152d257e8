/** Our own client engine bootstrapped by the lab over real sockets: two implementations of CoAP that have never met. */

import { afterEach, describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import { systemRandom } from "../../../src/base/random.ts";
import { SystemClock } from "../../../src/base/system-clock.ts";
import { udp } from "../../../src/io/udp.ts";
import { type Account, type BootstrapAccount, Lwm2mClient, ObjectTree } from "../../../src/lwm2m/index.ts";
import { path } from "../../../src/model/path.ts";
import { LabBench, models } from "../../support/lab-bench.ts";

const clock = new SystemClock();
const ENDPOINT = "kitchen";

let bench: LabBench;
let client: Lwm2mClient | undefined;
afterEach(async () => {
  await client?.stop(2_000);
  await bench.stop();
});

async function started(bootstrap: Partial<BootstrapAccount> = {}, accounts: readonly Account[] = []): Promise<void> {
  bench = await new LabBench({ watch: false }).start();
  const tree = new ObjectTree();
  tree.addInstance(path(3, 0));
  tree.addInstance(path(3303, 0));
  tree.set(path(3303, 0, 5700), 21.5, clock.now());
  client = new Lwm2mClient({
    endpoint: ENDPOINT,
    tree,
    provision: { accounts, bootstrap: { uri: `coap://127.0.0.1:${bench.bootstrapPort}`, ...bootstrap } },
    models,
    connect: ({ uri }) => udp({ host: "127.0.0.1", port: Number(new URL(uri).port) }),
    clock,
    random: systemRandom,
    log: silentLog,
  });
}

const account = (ssid: number) => ({
  [`/0/${ssid}`]: { "0": `coap://127.0.0.1:${bench.port}`, "1": false, "2": 3, "3": "", "4": "", "5": "", "10": ssid },
  [`/1/${ssid}`]: { "0": ssid, "1": 300, "6": false, "7": "U" },
});
/** Once a server has taken the client. */
const registered = () =>
  new Promise<void>((resolve) => {
    client?.onState((state) => state === "registered" && resolve());
    if (client?.state === "registered") resolve();
  });
const over = async () => {
  const { result } = await bench.event("bootstrap");
  return result;
};

describe("our client at the lab's bootstrap server", () => {
  it("is discovered, emptied, provided for, and registers (ETS int-0, int-1)", async () => {
    await started();
    bench.lab.bootstrap.plan(ENDPOINT, { delete: ["/0", "/1"], write: account(7), discover: true, read: ["/1"] });
    client?.start();
    const { state, steps } = await over();
    expect(state).toBe("finished");
    expect(steps.map(({ operation, code }) => `${operation} ${code}`)).toEqual([
      "delete 2.02",
      "delete 2.02",
      "write 2.04",
      "write 2.04",
      "discover 2.05",
      "read 2.05",
      "finish 2.04",
    ]);
    await registered();
    expect(bench.lab.client(ENDPOINT)?.lifetime).toBe(300);
    expect(client?.registrations).toMatchObject([{ state: "registered", shortServerId: 7 }]);
  });

  it("fetches all at once where LwM2M 1.2 is spoken (ETS int-12)", async () => {
    await started({ version: "1.2" });
    bench.lab.bootstrap.plan(ENDPOINT, { write: account(7), pack: true });
    client?.start();
    await registered();
    expect(client?.registrations).toMatchObject([{ state: "registered", shortServerId: 7 }]);
  });

  it("E72: asks the other way where there is no pack", async () => {
    await started({ version: "1.2" });
    bench.lab.bootstrap.plan(ENDPOINT, { write: account(7), pack: false });
    client?.start();
    expect((await over()).state).toBe("finished");
    await registered();
  });

  it("refuses what it could not live with, and goes on as it was (ETS int-9)", async () => {
    await started();
    bench.lab.bootstrap.plan(ENDPOINT, { write: { "/1/7": account(7)["/1/7"] ?? {} } });
    client?.start();
    const { state, steps } = await over();
    expect(state).toBe("failed");
    expect(steps.at(-1)).toMatchObject({ operation: "finish", code: "4.06" });
    expect(client?.registrations).toEqual([]);
  });
});
