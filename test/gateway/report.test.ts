/** From `report` in a definition to the notifications of a server that has said nothing of it. */

import { describe, expect, it } from "vitest";
import { Library } from "../../src/library/index.ts";
import { ofFields } from "../support/definitions.ts";
import { fields, models, Rig } from "./rig.ts";

const SOURCE = "sim/s1";
const measured = (t: number) => fields({ model: "f", t });

async function observed(report: string, query: readonly string[] = []) {
  const text = ofFields("t: { unit: kW }", "3328/0: { value: t }", report);
  const { library, problems } = Library.load([{ name: "acme.yaml", text }], models);
  expect(problems).toEqual([]);
  const rig = await Rig.start({ rules: [{ adapter: "sim" }], devices: library });
  await rig.heard(SOURCE, measured(1));
  const server = rig.server("acme-s1");
  if (query.length > 0) await server.ask("PUT", { path: "/3328", query });
  const token = server.send("GET", { path: "/3328/0/5700", observe: 0, accept: 0 });
  await rig.clock.advance(0);
  return {
    /** One value a second. */
    async hear(...values: number[]) {
      for (const value of values) {
        await rig.heard(SOURCE, measured(value));
        await rig.clock.advance(800);
      }
    },
    told: () => server.answers(token).map(({ text: value }) => Number(value)),
  };
}

describe("a sensor whose definition has a report", () => {
  it("tells as seldom as it says, in the unit of the Resource", async () => {
    const { hear, told } = await observed("report: { t: { delta: 0.5 } }");
    await hear(1.2, 1.4, 1.5, 1.7, 2.1);
    expect(told()).toEqual([1000, 1500, 2100]);
  });

  it("tells no more often than it says", async () => {
    const { hear, told } = await observed("report: { default: { min: 4s } }");
    await hear(1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7);
    expect(told()).toEqual([1000, 1400]);
  });

  it("obeys a server that wants it otherwise", async () => {
    const { hear, told } = await observed("report: { default: { min: 1h } }", ["pmin=0"]);
    await hear(1.1, 1.2);
    expect(told()).toEqual([1000, 1100, 1200]);
  });

  it("without one tells every change", async () => {
    const { hear, told } = await observed("");
    await hear(1.1, 1.11, 1.12);
    expect(told()).toEqual([1000, 1100, 1110, 1120]);
  });
});
