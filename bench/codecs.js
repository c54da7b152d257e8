/** How fast the codecs are, in this process, on one core: bytes in memory, no socket. */

import { readFileSync } from "node:fs";
import { encodeMessage, parseMessage } from "../dist/coap/codec.js";
import { codecOf, Format } from "../dist/content/index.js";
import { parsePath } from "../dist/model/path.js";
import { loadRegistry } from "../dist/model/registry.js";

const NOTIFICATION = {
  type: "NON",
  code: 0x45,
  messageId: 0x1234,
  token: Uint8Array.of(1, 2, 3, 4),
  options: [
    { number: 6, value: Uint8Array.of(0, 1, 2) },
    { number: 12, value: Uint8Array.of(0x2d, 0x16) },
  ],
  payload: Uint8Array.from({ length: 12 }, (_, i) => i),
};

const SPELLS = 40;

export function codecRates(ms) {
  const models = loadRegistry(JSON.parse(readFileSync(new URL("../src/model/registry.json", import.meta.url), "utf8")));
  const model = (path) => models.resource(path);
  const base = parsePath("/3303/0");
  const nodes = [
    { path: parsePath("/3303/0/5601"), type: "float", value: 18.25 },
    { path: parsePath("/3303/0/5602"), type: "float", value: 24.5 },
    { path: parsePath("/3303/0/5700"), type: "float", value: 21.5 },
    { path: parsePath("/3303/0/5701"), type: "string", value: "Cel" },
  ];
  const datagram = encodeMessage(NOTIFICATION);
  const rates = [
    ["CoAP message of 32 bytes", () => encodeMessage(NOTIFICATION), () => readAll(parseMessage(datagram))],
    ...[
      ["TLV, instance of 4 values", Format.Tlv],
      ["SenML CBOR, 4 records", Format.SenmlCbor],
      ["SenML JSON, 4 records", Format.SenmlJson],
      ["LwM2M CBOR, 4 values", Format.LwM2mCbor],
      ["JSON of LwM2M 1.0, 4 entries", Format.Json],
    ].map(([name, format]) => {
      const codec = codecOf(format);
      const bytes = codec.encode(nodes, base);
      return [name, () => codec.encode(nodes, base), () => codec.decode(bytes, base, model)];
    }),
  ];
  return rates.map(([name, encode, decode]) => ({ name, encode: rate(encode, ms), decode: rate(decode, ms) }));
}

/** As the engine reads what arrives: every option checked on the way, token and payload looked up. */
const readAll = ({ code, messageId, token, payload }) => code + messageId + token.length + payload.length;

/** Calls per second of CPU time: the best of many short spells, since whatever else the machine does can only slow one down. */
export function rate(work, ms) {
  let best = 0;
  for (let spell = 0; spell < SPELLS; spell++) {
    let count = 0;
    let spent = 0;
    const began = cpuMilliseconds();
    do {
      for (let i = 0; i < 500; i++) work();
      count += 500;
      spent = cpuMilliseconds() - began;
    } while (spent < ms / SPELLS);
    best = Math.max(best, (count / spent) * 1_000);
  }
  return best;
}

function cpuMilliseconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
