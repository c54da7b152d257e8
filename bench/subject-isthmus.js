/** Isthmus' own stack, whole: object tree, notifier, content formats, CoAP engine, one connected UDP socket an endpoint. */

import { readFileSync } from "node:fs";
import { silentLog } from "../dist/base/log.js";
import { systemRandom } from "../dist/base/random.js";
import { Secret } from "../dist/base/secret.js";
import { SystemClock } from "../dist/base/system-clock.js";
import { Dialer } from "../dist/dial/index.js";
import { Lwm2mClient, ObjectTree } from "../dist/lwm2m/index.js";
import { parsePath } from "../dist/model/path.js";
import { loadRegistry } from "../dist/model/registry.js";
import { flooding } from "./flood.js";
import { pace } from "./pace.js";
import { selfReport, serve } from "./rpc.js";
import { isAcknowledgement, PSK } from "./wire.js";

const VALUE = parsePath("/3303/0/5700");
const UNIT = parsePath("/3303/0/5701");
const INSTANCE = parsePath("/3303/0");
const DEVICE = parsePath("/3/0");
const MAKER = parsePath("/3/0/0");

const models = loadRegistry(JSON.parse(readFileSync(new URL("../src/model/registry.json", import.meta.url), "utf8")));
const clock = new SystemClock();
const dialer = await Dialer.open({ clock, random: systemRandom, log: silentLog });
const trees = [];
const { acknowledged, flood } = flooding(trees, (tree, value) => tree.set(VALUE, value, clock.now()));

/** A connection that says when an acknowledgement has been dealt with: then the value may change again. */
function heedful(transport, tree) {
  const onDatagram = transport.onDatagram.bind(transport);
  transport.onDatagram = (listener) =>
    onDatagram((datagram) => {
      listener(datagram);
      if (isAcknowledgement(datagram)) acknowledged(tree);
    });
  return transport;
}

/** Whether notifications are confirmable is a matter of the account. Each endpoint has an identity of its own, as in life. */
function accountOf(endpoint, { port, confirmable = false, secured = true, stream = false }) {
  const identity = Buffer.from(endpoint);
  return {
    uri: `${secured ? "coaps" : "coap"}${stream ? "+tcp" : ""}://127.0.0.1:${port}`,
    lifetime: 3_600,
    shortServerId: 1,
    confirmNotifications: confirmable,
    ...(secured && { credentials: { mode: "psk", identity, secretKey: new Secret(PSK, "key of the bench") } }),
  };
}

/** So many at once are let through to their servers by the gateway's pacer. */
const TURN = 10;

async function open({ count, port }) {
  const watch = new Standstills();
  const cpu = selfReport.cpu();
  const began = performance.now();
  const lines = [];
  const opened = [];
  while (lines.length < count) {
    for (let i = 0; i < TURN; i++) {
      const endpoint = `bench-${lines.length}`;
      const line = dialer.dial({ account: accountOf(endpoint, { port }), endpoint });
      lines.push(line);
      opened.push(line.open());
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(opened);
  const found = { ms: performance.now() - began, cpuMs: (selfReport.cpu() - cpu) / 1_000, stallMs: watch.end() };
  await Promise.all(lines.map((line) => line.close()));
  return found;
}

/** How long this process has worked without a look at its timers: by CPU time, since others may hold the core meanwhile. */
class Standstills {
  #longest = 0;
  #before = selfReport.cpu();
  #timer = setInterval(() => this.#look(), 1);

  /** Milliseconds. */
  end() {
    clearInterval(this.#timer);
    this.#look();
    return this.#longest / 1_000;
  }

  #look() {
    const now = selfReport.cpu();
    this.#longest = Math.max(this.#longest, now - this.#before);
    this.#before = now;
  }
}

serve({
  ...selfReport,
  start: ({ count, ...how }) => {
    // In the clear all share one account.
    const common = how.secured ? undefined : accountOf("", how);
    for (let i = 0; i < count; i++) {
      const tree = new ObjectTree(models);
      const at = clock.now();
      tree.addInstance(DEVICE);
      tree.addInstance(INSTANCE);
      tree.set(MAKER, "Isthmus", at);
      tree.set(VALUE, 21.5, at);
      tree.set(UNIT, "Cel", at);
      trees.push(tree);
      const endpoint = `bench-${trees.length}`;
      new Lwm2mClient({
        endpoint,
        tree,
        provision: { accounts: [common ?? accountOf(endpoint, how)] },
        models,
        // Nobody listens for acknowledgements that never come.
        connect: (account) => {
          const transport = dialer.dial({ account, endpoint });
          return how.confirmable ? heedful(transport, tree) : transport;
        },
        clock,
        random: systemRandom,
        log: silentLog,
      }).start();
    }
  },
  pace: pace(
    () => trees.length,
    (index, value) => trees[index].set(VALUE, value, clock.now()),
  ),
  flood,
  open,
});
