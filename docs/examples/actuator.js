// A lamp that takes half a second to switch, refuses to be dimmed below 10 %, and can be restarted:
//
//     node docs/examples/actuator.js

import { setTimeout as pause } from "node:timers/promises";
import { createThing } from "isthmus/lwm2m";

export const thing = await createThing({
  endpoint: "urn:dev:ops:example-lamp",
  servers: process.env.SERVER ?? "coap://127.0.0.1:5683",
});

thing.setAll({ "/3/0/0": "Example Works", "/3311/0/5850": false, "/3311/0/5851": 100 });

// The server hears 2.04 when this is done. What it reads changes by `set` alone: by what the lamp really does.
thing.onWrite("/3311/0/5850", async (on) => {
  await pause(500);
  thing.set("/3311/0/5850", on);
});

thing.onWrite("/3311/0/5851", (percent) => {
  if (Number(percent) < 10) return { status: "rejected", reason: "this lamp goes dark below 10 %" };
  thing.set("/3311/0/5851", percent);
});

// A name that servers may give; nobody but the tree keeps it.
thing.allowWrite("/3311/0/5750");

// The answer leaves before `after` runs, or the server would never hear it.
thing.onExecute("/3/0/4", () => ({ status: "done", after: () => console.log("restarting ...") }));

thing.onRegistration(({ server, state, lastError }) => console.log(server, state, lastError ?? ""));
thing.start();
process.once("SIGINT", () => void thing.stop());
