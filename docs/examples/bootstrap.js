// A meter that knows nobody but a Bootstrap-Server, registers at the two servers it is given, and remembers them:
//
//     node docs/examples/bootstrap.js
//
// What was provided may hold keys, so the file is for its owner only.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createThing } from "isthmus/lwm2m";

const file = process.env.STATE ?? "meter.json";

export const thing = await createThing({
  endpoint: "urn:dev:ops:example-meter",
  bootstrap: process.env.BOOTSTRAP ?? "coap://127.0.0.1:5683",
  ...(existsSync(file) && { saved: readFileSync(file, "utf8") }),
  save: (text) => writeFileSync(file, text, { mode: 0o600 }),
});

thing.setAll({ "/3/0/0": "Example Works", "/3331/0/5805": 0, "/3331/0/5701": "kW.h" });

// What a server misses while it cannot be reached is told later, with the time at which it was measured.
let energy = 0;
setInterval(() => thing.set("/3331/0/5805", (energy += 0.01)), 10_000).unref();

// How often somebody wants to know: a sensor that runs on a battery need not be asked more often.
thing.client.onInterest((path) => console.log(path, thing.interest(path)));

thing.onRegistration(({ server, state, lastError }) => console.log(server, state, lastError ?? ""));
thing.start();
process.once("SIGINT", () => void thing.stop());
