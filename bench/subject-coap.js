/** The CoAP engine alone on its connected sockets, with a handler that knows one value: what is left is the rooms above. */

import { silentLog } from "../dist/base/log.js";
import { systemRandom } from "../dist/base/random.js";
import { SystemClock } from "../dist/base/system-clock.js";
import { Code, Endpoint } from "../dist/coap/index.js";
import { udp } from "../dist/io/udp.js";
import { flooding } from "./flood.js";
import { pace } from "./pace.js";
import { selfReport, serve } from "./rpc.js";

const clock = new SystemClock();
const NON = { confirmable: false };
const REGISTER = new TextEncoder().encode("</3/0>,</3303/0>");

class Sensor {
  #payload = Buffer.from("21.5", "latin1");
  #observation;
  #con = { confirmable: true, settled: () => acknowledged(this) };

  constructor(port, name) {
    const transport = udp({ host: "127.0.0.1", port });
    const endpoint = new Endpoint({ transport, clock, random: systemRandom, log: silentLog });
    endpoint.onRequest((request) => this.#answer(request));
    this.#register(endpoint, name);
  }

  async #register(endpoint, name) {
    await endpoint.open(new AbortController().signal);
    const query = [`ep=${name}`, "lt=3600", "lwm2m=1.1"];
    await endpoint.request({ code: Code.POST, path: ["rd"], query, format: 40, payload: REGISTER });
  }

  notify(confirmable, value) {
    this.#payload = Buffer.from(value, "latin1");
    const reply = { code: Code.Content, format: 0, payload: this.#payload };
    this.#observation?.notify(reply, confirmable ? this.#con : NON);
  }

  #answer(request) {
    if (request.code !== Code.GET || request.path.join("/") !== "3303/0/5700") return { code: Code.NotFound };
    const reply = { code: Code.Content, format: 0, payload: this.#payload };
    return request.observe === "register" ? { ...reply, observer: this.#observer() } : reply;
  }

  #observer() {
    return { started: (observation) => (this.#observation = observation), ended: () => undefined };
  }
}

const sensors = [];
const { acknowledged, flood } = flooding(sensors, (sensor, value, confirmable) =>
  sensor.notify(confirmable, String(value)),
);

serve({
  ...selfReport,
  start: ({ count, port }) => {
    for (let i = 0; i < count; i++) sensors.push(new Sensor(port, `coap-${sensors.length + 1}`));
  },
  pace: pace(
    () => sensors.length,
    (index, value) => sensors[index].notify(false, String(value)),
  ),
  flood,
});
