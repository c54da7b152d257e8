/** A client with every sort of Resource, a strict server, and weather between them. */

import { silentLog } from "../../../src/base/log.ts";
import { type Account, Lwm2mClient, ObjectTree, type Version } from "../../../src/lwm2m/index.ts";
import { path, parsePath } from "../../../src/model/path.ts";
import { FakeClock } from "../fake-clock.ts";
import { SeededRandom } from "../seeded-random.ts";
import { plant, testModels } from "../test-object.ts";
import { Judge } from "./judge.ts";
import { readStrictlyOrNot } from "./message.ts";
import { Net } from "./net.ts";
import { StrictServer } from "./server.ts";
import type { Client } from "./truth.ts";

export interface Rig {
  readonly clock: FakeClock;
  readonly random: SeededRandom;
  readonly tree: ObjectTree;
  readonly client: Lwm2mClient;
  readonly server: StrictServer;
  readonly net: Net;
  readonly judge: Judge;
  readonly looks: Client;
}

/** A message waits no longer for those before it. */
const PATIENCE = 200_000;
/** Spoken for a lifetime of 0 by those that do not know it. */
const ENDLESS = 30 * 86_400;

export function strictRig(version: Version, seed: number, account: Partial<Account> = {}): Rig {
  const clock = new FakeClock();
  const random = new SeededRandom(seed);
  const tree = new ObjectTree(testModels);
  furnish(tree, clock, random);
  const { looks, attach } = behind(tree, clock);
  const judge = new Judge(looks);
  const server = new StrictServer(clock, random, (datagram) => net.toClient(datagram));
  const net = new Net({
    clock,
    random,
    left: (datagram) => judge.heard(datagram),
    arrived: (datagram) => server.hear(datagram),
    reaches: (datagram) => {
      const message = readStrictlyOrNot(datagram);
      // Asleep, requests are not heard; answers are.
      const deaf =
        client.registration.asleep === true &&
        message !== undefined &&
        message.code >> 5 === 0 &&
        message.kind !== "ACK" &&
        message.kind !== "RST";
      if (message === undefined) judge.garbled(datagram);
      else if (!deaf) judge.said(message);
      return true;
    },
  });
  const client = new Lwm2mClient({
    endpoint: "urn:dev:mac:cbb8334c884f",
    tree,
    provision: { accounts: [{ uri: "coap://server:5683", lifetime: 300, shortServerId: 123, version, ...account }] },
    models: testModels,
    connect: () => net.connect(),
    clock,
    random: new SeededRandom(seed + 1),
    log: silentLog,
  });
  attach(client, { uri: "", lifetime: 300, shortServerId: 123, version, ...account });
  return { clock, random, tree, client, server, net, judge, looks };
}

/** What the judge may know: the tree, and the account as it is after all that was written to Object 1. */
function behind(tree: ObjectTree, clock: FakeClock) {
  let client: Lwm2mClient | undefined;
  let account: Account | undefined;
  let version: Version = "1.1";
  let mutedAt = Infinity;
  let lists: { readonly text: string; until: number }[] = [];
  const instances = () => ["/1/0", ...tree.instances().filter((each) => !/^\/(0|1|21)\//.test(each))];
  tree.onInstances(() => {
    const now = clock.monotonic();
    for (const list of lists) if (list.until === Infinity) list.until = now + PATIENCE;
    lists = [...lists.filter(({ until }) => until >= now), { text: instances().join(), until: Infinity }];
  });
  const looks: Client = {
    tree,
    orderly: true,
    models: testModels,
    typeAt: (where) => {
      const at = parsePath(where);
      return at === undefined ? undefined : testModels.resource(at);
    },
    now: () => clock.monotonic(),
    version: () => version,
    lifetime: () => (account?.lifetime === 0 && version !== "1.2" ? ENDLESS : (account?.lifetime ?? 0)),
    instances,
    recently: () => [
      instances().join(),
      ...lists.filter(({ until }) => until >= clock.monotonic()).map(({ text }) => text),
    ],
    // What was to be sent before may have waited for its turn.
    muted: () => clock.monotonic() - mutedAt >= PATIENCE,
    moves: () => (client?.registration.state ?? "off") !== "registered",
  };
  const attach = (made: Lwm2mClient, with_: Account) => {
    client = made;
    account = with_;
    version = with_.version ?? "1.1";
    made.onProvision(({ accounts }) => {
      account = accounts[0];
      if (account?.muteSend !== true) mutedAt = Infinity;
      else if (mutedAt === Infinity) mutedAt = clock.monotonic();
    });
  };
  return { looks, attach };
}

/** Objects 3, 4, 6, three thermometers, an actuator, a light and one of the test Object. */
function furnish(tree: ObjectTree, clock: FakeClock, random: SeededRandom): void {
  const at = clock.now();
  plant(tree, clock);
  tree.set(path(3, 0, 1), "Model ü", at);
  tree.set(path(3, 0, 9), 87, at);
  tree.setInstances(path(3, 0, 6), [1, 5], at);
  tree.setInstances(path(3, 0, 7), [3_300, 5_000], at);
  tree.onExecute(path(3, 0, 4), () => undefined);
  tree.addInstance(path(4, 0));
  tree.set(path(4, 0, 0), 41, at);
  tree.setInstances(path(4, 0, 1), [41], at);
  tree.set(path(4, 0, 2), -71, at);
  tree.setInstances(path(4, 0, 4), ["192.0.2.1", "2001:db8::1"], at);
  tree.addInstance(path(6, 0));
  tree.set(path(6, 0, 0), 48.2082, at);
  tree.set(path(6, 0, 1), 16.3738, at);
  tree.set(path(6, 0, 5), 1_700_000_000, at);
  for (const instance of [0, 1, 2]) {
    tree.addInstance(path(3303, instance));
    tree.set(path(3303, instance, 5700), 22, at);
    tree.set(path(3303, instance, 5701), "Cel", at);
    tree.onExecute(path(3303, instance, 5605), async () => ({ status: "done" }));
  }
  actuators(tree, clock, random);
  tree.addInstance(path(33_605, 0));
}

/** One that answers slowly, or not at all; one that the tree keeps. */
function actuators(tree: ObjectTree, clock: FakeClock, random: SeededRandom): void {
  const at = clock.now();
  tree.addInstance(path(3306, 0));
  tree.set(path(3306, 0, 5850), false, at);
  tree.onWrite(path(3306, 0), (where, value) => {
    const luck = random.below(10);
    if (luck === 0) return { status: "rejected", reason: "not now" };
    if (luck === 1) return { status: "timeout" };
    const done = (): void => tree.set(where, value, clock.now());
    if (luck < 6) {
      done();
      return undefined;
    }
    return new Promise((resolve) => {
      clock.after(50 + random.below(4_000), () => {
        done();
        resolve(undefined);
      });
    });
  });
  tree.addInstance(path(3311, 0));
  tree.set(path(3311, 0, 5850), true, at);
  tree.set(path(3311, 0, 5851), 40, at);
  tree.allowWrite(path(3311, 0));
  tree.onRead(path(3306, 0, 5852), () =>
    random.below(4) === 0
      ? new Promise((resolve) => clock.after(random.below(900), () => resolve(random.below(1_000))))
      : random.below(1_000),
  );
}
