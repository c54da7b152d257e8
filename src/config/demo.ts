/** What runs without a configuration file: simulated sensors, the lab server and the page, on this machine alone. */

import type { Config } from "./read.ts";

/** Six sensors that are adopted by themselves, and a stranger that waits in the inbox. */
export function demoConfig(): Config {
  return {
    gateway: { endpoint: "isthmus-demo", allowReboot: false },
    servers: [{ uri: "coap://127.0.0.1:5683", lifetime: 300 }],
    http: { host: "127.0.0.1", port: 8080 },
    adapters: [
      { name: "sim", type: "simulator", settings: { sensors: 6, strangers: 1, interval: "2s", value: "drift" } },
    ],
    adopt: [],
    sensors: [],
    lab: { port: 5683 },
    objects: [],
    log: { level: "info" },
    anyPort: true,
  };
}
