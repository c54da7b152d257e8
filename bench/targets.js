/** What is asked of Isthmus, and whether it was met: the rows of the report. */

const NOTHING = { measured: "not measured", pass: undefined };

const share = (ours, theirs) => theirs.cpuMicroseconds / ours.cpuMicroseconds;
const percent = (ratio) => `${Math.round(ratio * 100)} %`;
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** By CPU time: messages a second swing with whatever else the two cores do, the time that each takes hardly. */
const RATIOS = [
  { phase: /^NON/, ofBare: 0.6, ofNodeCoap: 3 },
  { phase: /^CON/, ofBare: 0.6, ofNodeCoap: 2 },
  { phase: /^Reads/, ofBare: 0.55, ofNodeCoap: 3.4 },
];

/** In millions a second. */
const CODECS = [
  { name: /^CoAP/, encode: 3, decode: 5 },
  { name: /^TLV, instance of 4/, encode: 2 },
  { name: /^SenML.CBOR, 4 records/, encode: 1, decode: 1 },
];

/** CPU µs of each record: what is left of 25 µs for a sealed notification is for the CoAP and the socket. */
const RECORDS = [
  { suite: "TLS_PSK_WITH_AES_128_CCM_8", limit: 10 },
  { suite: "TLS_PSK_WITH_AES_128_GCM_SHA256", limit: 10 },
];

export function rowsOf(report) {
  const [ours, nodeCoap, bare] = ["Isthmus", "node-coap", "bare dgram"].map((wanted) =>
    report.results.find(({ name }) => name === wanted),
  );
  return [
    ...ratios(ours, nodeCoap, bare),
    ...costs(report),
    ...securedRows(report),
    ...streamRows(ours, report),
    ...codecRows(report.codecs),
    ...recordRows(report.records),
    ...libraryRows(report.library),
  ];
}

function ratios(ours, nodeCoap, bare) {
  return Object.keys(ours.phases).flatMap((phase) => {
    const { ofBare, ofNodeCoap } = RATIOS.find((target) => target.phase.test(phase));
    const toBare = share(ours.phases[phase], bare.phases[phase]);
    const toNodeCoap = share(ours.phases[phase], nodeCoap.phases[phase]);
    return [
      {
        what: `${phase}, of bare dgram`,
        measured: percent(toBare),
        target: `>= ${percent(ofBare)}`,
        pass: toBare >= ofBare,
      },
      {
        what: `${phase}, to node-coap`,
        measured: `${toNodeCoap.toFixed(1)} x`,
        target: `>= ${ofNodeCoap} x`,
        pass: toNodeCoap >= ofNodeCoap,
      },
    ];
  });
}

function row(what, target, figure, show, limit) {
  const scope = { what, target };
  return figure === undefined ? { ...scope, ...NOTHING } : { ...scope, measured: show(figure), pass: figure <= limit };
}

function costs({ latency, crowd, memory, growth }) {
  return [
    row("p99 latency of 1,000 changes/s", "<= 1 ms", latency?.p99, (ms) => `${ms.toFixed(2)} ms`, 1),
    row("10,000 endpoints, 1 change/s each", "<= 0.3 core", crowd?.cores, (cores) => `${cores.toFixed(2)} core`, 0.3),
    row("10,000 endpoints register in", "<= 3 s", memory?.registerMs, (ms) => `${(ms / 1_000).toFixed(2)} s`, 3_000),
    row("10,000 idle endpoints", "<= 130 MB", memory?.rss, megabytes, 130e6),
    row("one more idle endpoint", "<= 8 kB", memory?.marginal.rss, (bytes) => `${(bytes / 1e3).toFixed(1)} kB`, 8_000),
    row(`${growth?.reads.toLocaleString("en") ?? "1,000,000"} Reads leave`, "<= 20 MB", growth?.bytes, megabytes, 20e6),
  ];
}

/** By CPU time, as the ratios: 40,000 a second is 25 µs each. */
function securedRows({ results, secured, memory }) {
  const phases = results.find(({ name }) => name === "Isthmus, DTLS")?.phases ?? {};
  const { openings, marginal } = secured ?? {};
  const beyond = marginal && memory && marginal.rss - memory.marginal.rss;
  const micro = (of) => `${of.toFixed(1)} µs`;
  const milli = (of) => `${Math.round(of)} ms`;
  return [
    row("a sealed notification, NON", "<= 25 µs", phases["NON notifications"]?.cpuMicroseconds, micro, 25),
    row("1,000 PSK handshakes, CPU", "<= 2,000 ms", openings?.cpuMs, milli, 2_000),
    row("longest standstill meanwhile, CPU", "<= 50 ms", openings?.stallMs, milli, 50),
    row("one more endpoint over DTLS, beyond plain", "<= 20 kB", beyond, (of) => `${(of / 1e3).toFixed(1)} kB`, 20_000),
  ];
}

/** A stream is bytes in order, with a frame around each message; whoever wants it confirmed adds a Ping. */
function streamRows(ours, { results }) {
  const onTcp = results.find(({ name }) => name === "Isthmus, TCP");
  return ["NON notifications", "CON notifications"].map((phase) => {
    const scope = { what: `${phase} over TCP, of UDP`, target: ">= 50 %" };
    if (onTcp === undefined) return { ...scope, ...NOTHING };
    const toUdp = share(onTcp.phases[phase], ours.phases[phase]);
    return { ...scope, measured: percent(toUdp), pass: toUdp >= 0.5 };
  });
}

function codecRows(codecs) {
  return CODECS.flatMap(({ name, ...targets }) => {
    const found = codecs.find((codec) => name.test(codec.name));
    if (found === undefined) return [];
    return Object.entries(targets).map(([way, millions]) => ({
      what: `${found.name}, ${way}`,
      measured: `${(found[way] / 1e6).toFixed(2)} M/s`,
      target: `>= ${millions} M/s`,
      pass: found[way] >= millions * 1e6,
    }));
  });
}

function recordRows(records) {
  return RECORDS.flatMap(({ suite, limit }) => {
    const found = records.find(({ name }) => name === suite);
    return ["seal", "open"].map((way) => {
      const what = `${suite}, ${way} a record`;
      const target = `<= ${limit} µs`;
      if (found === undefined) return { what, target, ...NOTHING };
      const spent = 1e6 / found[way];
      return { what, measured: `${spent.toFixed(1)} µs`, target, pass: spent <= limit };
    });
  });
}

/** Each a second on one core; what is on the air is mostly nobody's. */
const LIBRARY = [
  { what: "known adverts, matched and decoded", figure: "known", least: 200_000 },
  { what: "unknown adverts, refused", figure: "unknown", least: 1_000_000 },
  { what: "MQTT messages in JSON, matched, parsed and decoded", figure: "messages", least: 100_000 },
];

function libraryRows(library) {
  const rates = LIBRARY.map(({ what, figure, least }) => ({
    what,
    measured: `${Math.round(library[figure]).toLocaleString("en")}/s`,
    target: `>= ${least.toLocaleString("en")}/s`,
    pass: library[figure] >= least,
  }));
  const loads = `the library of ${library.definitions} definitions loads in`;
  return [...rates, row(loads, "<= 300 ms", library.loadMs, (ms) => `${Math.round(ms)} ms`, 300)];
}
