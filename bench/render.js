/** The figures as people read them. */

import { rowsOf } from "./targets.js";

const whole = (number) => Math.round(number).toLocaleString("en");
const micro = (number) => number.toFixed(1);
const million = (number) => (number / 1e6).toFixed(2);

export function render(report) {
  const { node, cpu, cores, endpoints, rounds, results, codecs, records, memory, latency } = report;
  const phases = Object.keys(results[0].phases);
  const rates = [
    ["each a second, and CPU µs of each", ...results.flatMap(({ name }) => [name, "µs"])],
    ...phases.map((phase) => [phase, ...results.flatMap(({ phases: taken }) => figures(taken[phase]))]),
    [
      `${whole(endpoints)} registered in`,
      ...results.flatMap(({ registerMs }) => [`${(registerMs / 1_000).toFixed(2)} s`, ""]),
    ],
  ];
  const speeds = [
    ["million/s", "encode", "decode"],
    ...codecs.map(({ name, encode, decode }) => [name, million(encode), million(decode)]),
  ];
  const seals = [
    ["DTLS records of 32 bytes, CPU µs of each", "seal", "open"],
    ...records.map(({ name, seal, open }) => [name, micro(1e6 / seal), micro(1e6 / open)]),
  ];
  const targets = [
    ["", "measured", "target", ""],
    ...rowsOf(report).map(({ what, measured, target, pass }) => [what, measured, target, verdict(pass)]),
  ];
  return [
    `${whole(endpoints)} endpoints, one socket each, on loopback; medians of ${rounds} rounds, all in turn`,
    `Node ${node}, ${cores} x ${cpu}`,
    "",
    table(rates),
    "",
    table(speeds),
    "",
    table(seals),
    "",
    ...further(memory, latency),
    table(targets),
  ].join("\n");
}

const figures = ({ perSecond, cpuMicroseconds }) => [whole(perSecond), micro(cpuMicroseconds)];

const verdict = (pass) => (pass === undefined ? "-" : pass ? "met" : "MISSED");

function further(memory, latency) {
  const lines = [];
  if (latency)
    lines.push(
      `Changes at 1,000/s arrive after ${latency.p50.toFixed(2)} ms (half) to ${latency.p99.toFixed(2)} ms (99 %).`,
    );
  if (memory)
    lines.push(`Of the memory of one more idle endpoint ${(memory.marginal.heap / 1e3).toFixed(1)} kB are heap.`);
  return lines.length > 0 ? [...lines, ""] : [];
}

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("   ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}
