/** Thousands of clients of one process, and what their server notices of them. */

import { describe, expect, it } from "vitest";
import { silentLog } from "../../../src/base/log.ts";
import { Pacer } from "../../../src/base/pacer.ts";
import { Lwm2mClient, ObjectTree } from "../../../src/lwm2m/index.ts";
import { path } from "../../../src/model/path.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeServer, type Heard, type Verdict } from "../../support/fake-server.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { ACCOUNT, models } from "../../support/station.ts";
import { wire } from "../../support/virtual-network.ts";

const TEMPERATURE = path(3303, 0, 5700);

class Crowd {
  readonly clock = new FakeClock();
  readonly pacer: Pacer;
  readonly members: { client: Lwm2mClient; tree: ObjectTree; server: FakeServer }[] = [];
  /** When each request came, by kind. */
  readonly heard = { register: [] as number[], update: [] as number[] };
  readonly #known = new Set<string>();
  #locations = 0;
  up = true;

  constructor(count: number, { perSecond = 500, lifetime = 3_600 } = {}) {
    const random = new SeededRandom(11);
    this.pacer = new Pacer(this.clock, random, perSecond);
    const pace = this.pacer.add.bind(this.pacer);
    for (let i = 0; i < count; i++) {
      const tree = new ObjectTree();
      tree.addInstance(path(3303, 0));
      tree.set(TEMPERATURE, 20, this.clock.now());
      const { near, far } = wire();
      const server = new FakeServer(far);
      server.verdict = (request) => this.#decide(server, request);
      const provision = { accounts: [{ ...ACCOUNT, lifetime }] };
      const options = {
        endpoint: `tag-${i}`,
        tree,
        provision,
        models,
        clock: this.clock,
        random,
        log: silentLog,
        pace,
      };
      this.members.push({ client: new Lwm2mClient({ ...options, connect: () => near }), tree, server });
    }
  }

  start(): void {
    for (const { client } of this.members) client.start();
  }

  /** The server starts again, and knows nobody. */
  restart(): void {
    this.#known.clear();
    for (const { server } of this.members) server.rejects = true;
  }

  get registered(): number {
    return this.members.filter(({ client }) => {
      const { state, location } = client.registration;
      return state === "registered" && this.#known.has(location ?? "");
    }).length;
  }

  /** The most of one kind within any second. */
  busiest(kind: "register" | "update"): number {
    const times = this.heard[kind];
    let most = 0;
    for (let first = 0, last = 0; last < times.length; last++) {
      while (times[last]! - times[first]! >= 1_000) first += 1;
      most = Math.max(most, last - first + 1);
    }
    return most;
  }

  #decide(server: FakeServer, { message, path: at }: Heard): Verdict {
    server.requests.length = 0;
    if (!this.up) return undefined;
    const now = this.clock.monotonic();
    if (at !== "/rd") {
      if (message.code === 2) this.heard.update.push(now);
      return { code: this.#known.has(at) ? 0x44 : 0x84 };
    }
    this.heard.register.push(now);
    this.#locations += 1;
    this.#known.add(`/rd/${this.#locations}`);
    server.rejects = false;
    return { code: 0x41, location: ["rd", String(this.#locations)] };
  }
}

describe("five thousand clients", () => {
  it("register no more than 500 in a second, and so they do after a restart of their server", {
    timeout: 60_000,
  }, async () => {
    const crowd = new Crowd(5_000);
    crowd.start();
    await crowd.clock.advance(12_000);
    expect(crowd.registered).toBe(5_000);
    expect(crowd.busiest("register")).toBeLessThanOrEqual(500);

    for (const { server } of crowd.members) server.send("GET", { path: "/3303/0/5700", observe: 0 });
    crowd.heard.register.length = 0;
    crowd.restart();
    for (const { tree } of crowd.members) tree.set(TEMPERATURE, 21, crowd.clock.now());
    expect(crowd.registered).toBe(0);
    await crowd.clock.advance(25_000);
    expect(crowd.registered).toBe(5_000);
    expect(crowd.heard.register).toHaveLength(5_000);
    expect(crowd.busiest("register")).toBeLessThanOrEqual(500);
    expect(crowd.busiest("update")).toBeLessThanOrEqual(500);
  });
});

describe("a thousand clients that notify", () => {
  it("are back within 5 s after a restart of their server", async () => {
    const crowd = new Crowd(1_000);
    crowd.start();
    await crowd.clock.advance(5_000);
    for (const { server } of crowd.members) server.send("GET", { path: "/3303/0/5700", observe: 0 });
    crowd.restart();
    for (const { tree } of crowd.members) tree.set(TEMPERATURE, 21, crowd.clock.now());
    await crowd.clock.advance(5_000);
    expect(crowd.registered).toBe(1_000);
  });

  it("come back spread after their server was away, without a herd", async () => {
    const crowd = new Crowd(300, { lifetime: 300 });
    crowd.start();
    await crowd.clock.advance(5_000);
    crowd.up = false;
    await crowd.clock.advance(900_000);
    crowd.heard.register.length = 0;
    crowd.up = true;
    crowd.restart();
    await crowd.clock.advance(400_000);
    expect(crowd.registered).toBe(300);
    expect(crowd.busiest("register")).toBeLessThan(60);
  });

  it("part after they have started together: Updates are spread over a tenth of the lifetime", async () => {
    const crowd = new Crowd(1_000, { perSecond: 100_000, lifetime: 1_000 });
    crowd.start();
    await crowd.clock.advance(1_100_000);
    expect(crowd.heard.update).toHaveLength(1_000);
    expect(crowd.busiest("update")).toBeLessThan(40);
  });
});

describe("an Update whose time has come", () => {
  it("goes before Registers that wait", async () => {
    const crowd = new Crowd(3_000, { perSecond: 50, lifetime: 30 });
    for (const { client } of crowd.members.slice(0, 100)) client.start();
    await crowd.clock.advance(3_000);
    expect(crowd.registered).toBe(100);
    crowd.start();
    await crowd.clock.advance(17_000);
    expect(crowd.heard.update.length).toBeGreaterThanOrEqual(100);
    expect(crowd.members.slice(0, 100).every(({ client }) => client.registration.location !== undefined)).toBe(true);
  });
});
