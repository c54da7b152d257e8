/** Isthmus' own stack, whole: object tree, notifier, content formats, CoAP engine, one connected UDP socket an endpoint. */

import { readFileSync } from "node:fs";
import { silentLog } from "../dist/base/log.js";
import { systemRandom } from "../dist/base/random.js";
import { SystemClock } from "../dist/base/system-clock.js";
import { udp } from "../dist/io/udp.js";
import { Lwm2mClient, ObjectTree } from "../dist/lwm2m/index.js";
import { parsePath } from "../dist/model/path.js";
import { loadRegistry } from "../dist/model/registry.js";
import { flooding } from "./flood.js";
import { pace } from "./pace.js";
import { selfReport, serve } from "./rpc.js";
import { isAcknowledgement } from "./wire.js";

const VALUE = parsePath("/3303/0/5700");
const UNIT = parsePath("/3303/0/5701");
const INSTANCE = parsePath("/3303/0");
const DEVICE = parsePath("/3/0");
const MAKER = parsePath("/3/0/0");

const models = loadRegistry(JSON.parse(readFileSync(new URL("../src/model/registry.json", import.meta.url), "utf8")));
const clock = new SystemClock();
const trees = [];
const { acknowledged, flood } = flooding(trees, (tree, value) => tree.set(VALUE, value, clock.now()));

/** A connection that says when an acknowledgement has been dealt with: then the value may change again. */
function connect(port, tree) {
  const transport = udp({ host: "127.0.0.1", port });
  const onDatagram = transport.onDatagram.bind(transport);
  transport.onDatagram = (listener) =>
    onDatagram((datagram) => {
      listener(datagram);
      if (isAcknowledgement(datagram)) acknowledged(tree);
    });
  return transport;
}

serve({
  ...selfReport,
  start: ({ count, port, confirmable }) => {
    // Whether notifications are confirmable is a matter of the account; nobody listens for what never comes.
    const account = {
      uri: `coap://127.0.0.1:${port}`,
      lifetime: 3_600,
      shortServerId: 1,
      confirmNotifications: confirmable,
    };
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
        provision: { accounts: [account] },
        models,
        connect: () => (confirmable ? connect(port, tree) : udp({ host: "127.0.0.1", port })),
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
});
