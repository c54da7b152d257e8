/** Random adoptions, renames and removals with restarts between them, against a model that fits on one page. */

import { describe, expect, it } from "vitest";
import { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { fields, MemoryStore, Rig } from "./rig.ts";

const climate = fields({ model: "climate", temperature: 20 });

/** What must be so: by endpoint, its source and its label. */
type Model = Map<string, { source: string; label: string | undefined }>;

class Story {
  readonly clock = new FakeClock();
  readonly store = new MemoryStore();
  readonly random: SeededRandom;
  readonly model: Model = new Map();
  rig: Rig;

  private constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.rig = new Rig({ clock: this.clock, store: this.store });
  }

  static async begin(seed: number): Promise<Story> {
    const story = new Story(seed);
    await story.rig.gateway.start();
    return story;
  }

  get #source(): string {
    return `sim/sim-${1 + this.random.below(12)}`;
  }

  holderOf(source: string): string | undefined {
    return [...this.model].find(([, each]) => each.source === source)?.[0];
  }

  async step(): Promise<void> {
    const kind = this.random.below(10);
    if (kind < 4) await this.#adopt();
    else if (kind < 6) await this.#remove();
    else if (kind < 8) this.#rename();
    else if (kind < 9) await this.rig.heard(this.#source, climate);
    else await this.#restart();
  }

  async #adopt(): Promise<void> {
    const source = this.#source;
    const endpoint = `e-${this.random.below(8)}`;
    await this.rig.heard(source, climate);
    const result = await this.rig.gateway.adopt(source, { endpoint });
    const free = !this.model.has(endpoint) && this.holderOf(source) === undefined;
    expect(result.ok).toBe(free);
    if (!result.ok) expect(result.why).toBe("conflict");
    else this.model.set(endpoint, { source, label: undefined });
  }

  async #remove(): Promise<void> {
    const endpoint = `e-${this.random.below(8)}`;
    const removal = this.rig.gateway.remove(endpoint);
    await this.clock.advance(300);
    expect(await removal).toBe(this.model.delete(endpoint));
  }

  #rename(): void {
    const endpoint = `e-${this.random.below(8)}`;
    const label = `label ${this.random.below(1_000)} ä"\\`;
    const entry = this.model.get(endpoint);
    expect(this.rig.gateway.rename(endpoint, label)).toBe(entry !== undefined);
    if (entry) entry.label = label;
  }

  /** Stopped in good order, and started again from what is on the disk. */
  async #restart(): Promise<void> {
    const stopped = this.rig.gateway.stop();
    await this.clock.advance(6_000);
    await stopped;
    this.rig = new Rig({ clock: this.clock, store: this.store });
    await this.rig.gateway.start();
    await this.clock.advance(200);
  }

  /** Whether the gateway shows what the model says, no more and no less. */
  check(): void {
    const [self, ...sensors] = this.rig.gateway.sensors();
    expect(self?.endpoint).toBe("gw");
    expect(sensors.map(({ endpoint }) => endpoint).toSorted()).toEqual([...this.model.keys()].toSorted());
    for (const { endpoint, source, label } of sensors) {
      const meant = this.model.get(endpoint);
      expect(source).toBe(meant?.source);
      if (meant?.label !== undefined) expect(label).toBe(meant.label);
    }
    for (const { source } of this.rig.gateway.inbox()) expect(this.holderOf(source)).toBeUndefined();
    expect(this.rig.gateway.status().sensors.total).toBe(this.model.size);
  }
}

describe("a gateway through its restarts", () => {
  it.each([1, 2, 3, 4])("is who it was, whatever people do with it (%i)", async (seed) => {
    const story = await Story.begin(seed);
    for (let step = 0; step < 60; step++) {
      await story.step();
      story.check();
    }
  });

  it("keeps the ports of its sensors, each its own", async () => {
    const clock = new FakeClock();
    const store = new MemoryStore();
    const ports = (rig: Rig) =>
      new Map(rig.gateway.sensors().map(({ endpoint, registration }) => [endpoint, registration.localPort]));
    const first = await Rig.start({ clock, store, rules: [{ adapter: "sim" }] });
    for (let n = 1; n <= 5; n++) await first.heard(`sim/sim-${n}`, climate);
    await clock.advance(3_000);
    const before = ports(first);
    expect(new Set(before.values()).size).toBe(6);
    const stopped = first.gateway.stop();
    await clock.advance(6_000);
    await stopped;
    const second = await Rig.start({ clock, store });
    await clock.advance(1_000);
    expect(ports(second)).toEqual(before);
  });
});
