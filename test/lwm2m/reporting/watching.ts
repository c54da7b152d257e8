/** What the tests of reporting do again and again: observe, and read what arrives. */

import { codecOf, Format, type Node } from "../../../src/content/index.ts";
import { ROOT } from "../../../src/model/path.ts";
import type { ResourceValue } from "../../../src/model/value.ts";
import type { Heard, Question } from "../../support/fake-server.ts";
import { models, type Station } from "../../support/station.ts";

export const VALUE = "/3303/0/5700";

/** Observes, and gives what arrives after the first answer. */
export async function watch(here: Station, where = VALUE, question: Partial<Question> = {}) {
  const token = here.server.send("GET", { path: where, observe: 0, accept: Format.SenmlJson, ...question });
  return following(here, token);
}

/** Observes several paths at once, in SenML JSON. */
export async function watchAll(here: Station, paths: readonly string[], query: readonly string[] = []) {
  const payload = JSON.stringify(paths.map((n) => ({ n })));
  const options = { format: Format.SenmlJson, accept: Format.SenmlJson, payload, query };
  const token = here.server.send("FETCH", { path: "/", observe: 0, ...options, options: [] });
  return following(here, token);
}

async function following(here: Station, token: Uint8Array) {
  await here.clock.advance(1);
  const begin = here.clock.monotonic();
  const first = here.server.answers(token)[0];
  if (first === undefined) throw new Error("not answered");
  const told = () => here.server.answers(token).slice(1);
  return {
    token,
    first,
    told,
    /** Type and values of each, such as `NON 22`. */
    lines: () => told().map((heard) => `${heard.type} ${values(heard).join(" ")}`),
    /** Lets time pass to `second` after the first answer, then measures. */
    at: async (second: number, value?: number): Promise<void> => {
      await here.clock.advance(begin + second * 1_000 - here.clock.monotonic());
      if (value !== undefined) here.set([3303, 0, 5700], value);
      await here.clock.advance(0);
    },
  };
}

export function nodesOf({ payload, format }: Pick<Heard, "payload" | "format">): Node[] {
  return codecOf(format ?? 0)!.decode(payload, ROOT, (at) => models.resource(at));
}

export function values(heard: Heard): string[] {
  return nodesOf(heard).map(({ value }) => shown(value));
}

/** As text, whatever it is. */
export function shown(value: ResourceValue): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Values with their seconds since 1970, or `now`. */
export function dated(heard: Pick<Heard, "payload" | "format">): string[] {
  return nodesOf(heard).map(({ path, value, time }) => `${path} ${shown(value)} @${time ?? "now"}`);
}
