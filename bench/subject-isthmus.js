/** Isthmus' own stack, whole: object tree, notifier, content formats, CoAP engine, one connected UDP socket an endpoint. */

import { readFileSync } from "node:fs";
import { silentLog } from "../dist/base/log.js";
import { systemRandom } from "../dist/base/random.js";
import { SystemClock } from "../dist/base/system-clock.js";
import { Endpoint } from "../dist/coap/index.js";
import { udp } from "../dist/io/udp.js";
import { Lwm2mClient, ObjectTree } from "../dist/lwm2m/index.js";
import { parsePath } from "../dist/model/path.js";
import { loadRegistry } from "../dist/model/registry.js";
import { flooding } from "./flood.js";
import { pace } from "./pace.js";
import { selfReport, serve } from "./rpc.js";

const VALUE = parsePath("/3303/0/5700");
const UNIT = parsePath("/3303/0/5701");
const INSTANCE = parsePath("/3303/0");
const DEVICE = parsePath("/3/0");
const MAKER = parsePath("/3/0/0");

/** LwM2M 1.1 leaves CON or NON to the client; here the phase of the measurement decides, for every notification. */
let confirmable = false;
const onRequest = Endpoint.prototype.onRequest;
Endpoint.prototype.onRequest = function (handler) {
  onRequest.call(this, (request) => {
    const reply = handler(request);
    return reply.observer ? { ...reply, observer: decided(reply.observer) } : reply;
  });
};

function decided(observer) {
  return {
    started: (observation) =>
      observer.started({
        notify: (reply, options) => observation.notify(reply, confirmable ? acknowledging(options) : options),
        forget: () => observation.forget(),
      }),
    ended: (why) => observer.ended(why),
  };
}

/** Whose value is changing now. */
let changing;

function acknowledging(options) {
  const tree = changing;
  return {
    confirmable: true,
    settled: (fate) => {
      options.settled?.(fate);
      acknowledged(tree);
    },
  };
}

const models = loadRegistry(JSON.parse(readFileSync(new URL("../src/model/registry.json", import.meta.url), "utf8")));
const clock = new SystemClock();
const trees = [];
const { acknowledged, flood } = flooding(trees, (tree, value, wanted) => {
  confirmable = wanted;
  changing = tree;
  tree.set(VALUE, value, clock.now());
});

serve({
  ...selfReport,
  start: ({ count, port }) => {
    const account = { uri: `coap://127.0.0.1:${port}`, lifetime: 3_600, shortServerId: 1 };
    const connect = () => udp({ host: "127.0.0.1", port });
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
        connect,
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
