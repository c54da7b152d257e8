/** The figures as people read them. */

const whole = (number) => Math.round(number).toLocaleString("en");
const micro = (number) => number.toFixed(1);
const kilobytes = (bytes) => (bytes / 1_000).toFixed(1);
const million = (number) => (number / 1e6).toFixed(2);

export function render({ node, cpu, cores, endpoints, results, codecs }) {
  const rows = [
    ["", "NON notifications/s", "CPU µs", "CON notifications/s", "CPU µs", "reads/s", "CPU µs"],
    ...results.map(({ name, non, con, read }) => [name, ...[non, con, read].flatMap(figures)]),
  ];
  const cost = [
    ["", `${whole(endpoints)} registered in`, `RSS of ${whole(endpoints)}`, "each further one", "of which heap"],
    ...results.map(({ name, registerMs, marginal }) => [
      name,
      `${(registerMs / 1_000).toFixed(2)} s`,
      `${whole(marginal.few / 1e6)} MB`,
      `${kilobytes(marginal.rss)} kB`,
      `${kilobytes(marginal.heap)} kB`,
    ]),
  ];
  const rates = [
    ["million/s", "encode", "decode"],
    ...codecs.map(({ name, encode, decode }) => [name, million(encode), million(decode)]),
  ];
  return [
    `${whole(endpoints)} endpoints, one socket each, on loopback; Node ${node}, ${cores} x ${cpu}`,
    table(rows),
    table(cost),
    table(rates),
  ].join("\n\n");
}

const figures = ({ perSecond, cpuMicroseconds }) => [whole(perSecond), micro(cpuMicroseconds)];

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join("   ");
  return rows.map(line).join("\n");
}
