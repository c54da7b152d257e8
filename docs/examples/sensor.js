// A thermometer. Try it with `npm start` running, whose lab server listens on 5683:
//
//     node docs/examples/sensor.js

import { createThing } from "isthmus/lwm2m";

export const thing = await createThing({
  endpoint: "urn:dev:ops:example-thermometer",
  servers: process.env.SERVER ?? "coap://127.0.0.1:5683",
});

thing.set("/3/0/0", "Example Works");
thing.set("/3303/0/5701", "Cel");
const measure = () => thing.set("/3303/0/5700", 21 + Math.sin(Date.now() / 60_000));
measure();
setInterval(measure, 5_000).unref();

thing.onRegistration(({ server, state, lastError }) => console.log(server, state, lastError ?? ""));
thing.start();
process.once("SIGINT", () => void thing.stop());
