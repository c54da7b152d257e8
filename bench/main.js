/**
 * How fast Isthmus is, beside node-coap doing the same and beside bare sockets (the ceiling of this runtime), in one run,
 * and whether that is as fast as it has to be.
 *
 *   npm run bench                     some minutes
 *   npm run bench -- --short          two minutes, for continuous integration: figures are rough
 *   npm run bench -- --json           for machines
 *   npm run bench -- --endpoints 5000
 *   npm run bench -- --strict         ends with 1 if a target is missed
 */

import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { codecRates } from "./codecs.js";
import { libraryRates } from "./library.js";
import { findOpenssl } from "../dist/io/openssl/library.js";
import { growth, idleMemory, marginalMemory, openings, paced, throughput, withPair } from "./measure.js";
import { recordRates } from "./records.js";
import { render } from "./render.js";
import { rowsOf } from "./targets.js";

const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
    endpoints: { type: "string" },
  },
});

const ISTHMUS = { name: "Isthmus", script: "./subject-isthmus.js" };
const SECURED = { name: "Isthmus, DTLS", script: ISTHMUS.script, secured: true };
const ON_TCP = { name: "Isthmus, TCP", script: ISTHMUS.script, stream: true };
/** The other end of DTLS is the OpenSSL inside Node. */
const openssl = await findOpenssl();
const SUBJECTS = [
  ISTHMUS,
  ...(openssl.status === "found" ? [SECURED] : []),
  ON_TCP,
  { name: "its CoAP alone", script: "./subject-coap.js" },
  { name: "node-coap", script: "./subject-node-coap.js" },
  { name: "bare dgram", script: "./subject-dgram.js" },
];

const { short } = values;
const endpoints = Number(values.endpoints ?? (short ? 200 : 1_000));
const scale = short
  ? { ms: 150, rounds: 5, reads: 50_000, codecMs: 100 }
  : { ms: 1_000, rounds: 7, reads: 1_000_000, codecMs: 1_000 };
const { ms, rounds, reads } = scale;

const say = (text) => void (values.json || process.stderr.write(`measuring ${text} ...\n`));

say("throughput");
const results = await throughput(short ? SUBJECTS.filter(({ name }) => !name.startsWith("its")) : SUBJECTS, {
  endpoints,
  ms,
  rounds,
});
say("latency, and what Reads leave behind");
const [latency, left] = await withPair(ISTHMUS, async (both) => {
  await both.start(endpoints);
  return [await paced(both, { ms: short ? 2_000 : 10_000, perSecond: 1_000 }), await growth(both, reads)];
});
say("10,000 endpoints");
const memory = await idleMemory(ISTHMUS, { few: 1_000, many: 10_000 });
const crowd = await withPair(ISTHMUS, async (both) => {
  await both.start(10_000);
  return paced(both, { ms: short ? 3_000 : 10_000, perSecond: 10_000 });
});
let secured;
if (openssl.status === "found") {
  say("DTLS");
  secured = {
    openings: await openings(SECURED, 1_000),
    marginal: await marginalMemory(SECURED, { few: 500, many: short ? 1_500 : 4_000 }),
  };
} else say(`no DTLS: ${openssl.reason}`);
say("codecs");
const codecs = codecRates(scale.codecMs);
say("records");
const records = recordRates(scale.codecMs);

say("the device library");
const library = libraryRates(scale.codecMs);

const report = {
  node: process.version,
  cpu: cpus()[0]?.model ?? "?",
  cores: cpus().length,
  endpoints,
  rounds,
  results,
  latency,
  growth: { reads, bytes: left },
  memory,
  crowd,
  secured,
  codecs,
  records,
  library,
};
console.log(values.json ? JSON.stringify({ ...report, rows: rowsOf(report) }, undefined, 2) : render(report));
if (values.strict && rowsOf(report).some(({ pass }) => pass === false)) process.exitCode = 1;
