/** One-wire thermometers, as Linux shows them: a file with the temperature in thousandths of a degree. */

import { z } from "zod";
import { defineAdapter } from "../../src/sdk/adapter.ts";

const Config = z.strictObject({
  path: z.string().min(1),
  seconds: z.int().min(1).max(3_600).default(10),
});

export const oneWire = (readText: (path: string) => Promise<string>) =>
  defineAdapter({
    id: "one-wire",
    sdk: 1,
    config: Config,

    start(host, { path, seconds }) {
      let failure: string | undefined;
      const poll = async () => {
        try {
          const text = (await readText(path)).trim();
          failure = undefined;
          host.emit({ source: path, at: host.clock.now(), payload: { kind: "text", text } });
        } catch {
          failure = `${path} cannot be read: is the sensor plugged in?`;
        }
        if (!host.signal.aborted) timer = host.clock.after(seconds * 1_000, () => void poll());
      };
      let timer = host.clock.after(0, () => void poll());
      return Promise.resolve({
        health: () => (failure === undefined ? { state: "ok" } : { state: "down", reason: failure }),
        stop() {
          timer.cancel();
          return Promise.resolve();
        },
      });
    },
  });
