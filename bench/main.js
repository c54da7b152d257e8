/**
 * How fast Isthmus is, beside node-coap doing the same and beside bare sockets (the ceiling of this runtime), in one run.
 *
 *   npm run bench                     a minute or so
 *   npm run bench -- --short          a few seconds, for continuous integration: figures are rough
 *   npm run bench -- --json           for machines
 *   npm run bench -- --endpoints 5000
 */

import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { codecRates } from "./codecs.js";
import { marginalMemory, throughput } from "./measure.js";
import { render } from "./render.js";

const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    endpoints: { type: "string" },
  },
});

const SUBJECTS = [
  { name: "Isthmus", script: "./subject-isthmus.js" },
  { name: "node-coap", script: "./subject-node-coap.js" },
  { name: "bare dgram", script: "./subject-dgram.js" },
];

const endpoints = Number(values.endpoints ?? (values.short ? 200 : 1_000));
const ms = values.short ? 500 : 4_000;
const say = (text) => void (values.json || process.stderr.write(text));

const results = [];
for (const { name, script } of SUBJECTS) {
  say(`measuring ${name} ...\n`);
  const figures = await throughput(script, { endpoints, ms });
  const memory = await marginalMemory(script, { few: endpoints, many: 3 * endpoints });
  results.push({ name, ...figures, marginal: memory });
}
say("measuring codecs ...\n");
const codecs = codecRates(values.short ? 100 : 1_000);

const report = {
  node: process.version,
  cpu: cpus()[0]?.model ?? "?",
  cores: cpus().length,
  endpoints,
  results,
  codecs,
};
console.log(values.json ? JSON.stringify(report, undefined, 2) : render(report));
