/** Runs subjects against their peers, each in a process of its own, and takes their figures. */

import { FORMATS } from "./wire.js";
import { child } from "./rpc.js";

const OUTSTANDING = 32;

/** A subject and the peer that measures it. `secured`: over DTLS. `stream`: over TCP. `confirmable`: whether notifications are to be. */
export async function pair({ script, secured = false, stream = false }, confirmable = false) {
  const peer = child("./peer.js");
  const subject = child(script);
  const port = await peer.ask("listen", { secured, stream });
  let count = 0;
  return {
    subject,
    peer,
    port,
    /** Starts that many more; milliseconds until the last has registered. */
    start: async (more) => {
      count += more;
      const began = performance.now();
      await subject.ask("start", { count: more, port, confirmable, secured, stream });
      await peer.ask("registered", count);
      return performance.now() - began;
    },
    end: async () => {
      await subject.end();
      await peer.end();
    },
  };
}

export async function withPair(one, work) {
  const both = await pair(one);
  try {
    return await work(both);
  } finally {
    await both.end();
  }
}

/** What `work` counts, per second, and the CPU time of the subject for each. */
async function perSecond(subject, work) {
  const cpu = await subject.ask("cpu");
  const began = performance.now();
  const count = await work();
  const ms = performance.now() - began;
  const microseconds = (await subject.ask("cpu")) - cpu;
  return { perSecond: (count / ms) * 1_000, cpuMicroseconds: microseconds / Math.max(1, count) };
}

const notifications = (confirmable) => ({
  confirmable,
  prepare: ({ peer }) => peer.ask("observe", confirmable),
  run: async ({ subject, peer }, ms) => {
    await peer.ask("count");
    return perSecond(subject, async () => {
      await subject.ask("flood", { ms, confirmable });
      return peer.ask("count");
    });
  },
});

const reads = (format) => ({
  confirmable: false,
  prepare: () => undefined,
  run: ({ subject, peer }, ms) => perSecond(subject, () => peer.ask("read", { ms, outstanding: OUTSTANDING, format })),
});

/** What is measured of every subject, in this order. */
export const PHASES = new Map([
  ["NON notifications", notifications(false)],
  ["CON notifications", notifications(true)],
  ...Object.entries(FORMATS).map(([name, format]) => [`Reads, ${name}`, reads(format)]),
]);

/**
 * All subjects stand ready at once, and take turns: what else the machine does meets them alike. Each phase of each
 * subject is run once for the compiler, then `rounds` times for the record; the medians count.
 */
export async function throughput(subjects, scale) {
  const plain = await measured(subjects, scale, false);
  const confirmed = await measured(subjects, scale, true);
  return subjects.map(({ name }, index) => {
    const { registerMs, phases } = plain[index];
    const taken = { ...phases, ...confirmed[index].phases };
    return { name, registerMs, phases: Object.fromEntries([...PHASES.keys()].map((phase) => [phase, taken[phase]])) };
  });
}

/** The phases in which notifications are confirmable, or the others: a client is asked for that when it is made. */
async function measured(subjects, { endpoints, ms, rounds }, confirmable) {
  const pairs = await Promise.all(subjects.map((each) => pair(each, confirmable)));
  try {
    const all = [];
    for (const each of pairs) all.push({ registerMs: await each.start(endpoints), phases: {} });
    for (const [phase, { prepare, run }] of [...PHASES].filter(([, each]) => each.confirmable === confirmable)) {
      for (const each of pairs) {
        await prepare(each);
        await run(each, ms);
      }
      const samples = pairs.map(() => []);
      for (let round = 0; round < rounds; round++)
        for (const [index, each] of pairs.entries()) samples[index].push(await run(each, ms));
      for (const [index, taken] of samples.entries()) all[index].phases[phase] = middle(taken);
    }
    return all;
  } finally {
    for (const each of pairs) await each.end();
  }
}

function middle(samples) {
  const of = (key) => median(samples.map((sample) => sample[key]));
  return { perSecond: of("perSecond"), cpuMicroseconds: of("cpuMicroseconds") };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** From the change of a value to its arrival, so many a second spread over all. Milliseconds, and cores. */
export async function paced({ subject, peer }, { ms, perSecond: rate }) {
  await peer.ask("observe", false);
  await subject.ask("pace", { ms: ms / 4, perSecond: rate });
  await peer.ask("latencies");
  const cpu = await subject.ask("cpu");
  const began = performance.now();
  await subject.ask("pace", { ms, perSecond: rate });
  const cores = ((await subject.ask("cpu")) - cpu) / 1_000 / (performance.now() - began);
  return { ...(await peer.ask("latencies")), cores };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 500));

/** What the process has, and what one more idle, registered endpoint costs when a few are there already. Bytes. */
export async function idleMemory(one, { few, many }) {
  const fresh = await withPair(one, async (both) => {
    const registerMs = await both.start(many);
    await settled();
    return { registerMs, rss: (await both.subject.ask("memory")).rss };
  });
  return { ...fresh, marginal: await marginalMemory(one, { few, many }) };
}

/** What one more idle, registered endpoint costs. Bytes. */
export function marginalMemory(one, { few, many }) {
  return withPair(one, async ({ subject, start }) => {
    await subject.ask("warm");
    const at = async (more) => {
      await start(more);
      await settled();
      return subject.ask("memory");
    };
    const before = await at(few);
    const after = await at(many - few);
    const each = (key) => (after[key] - before[key]) / (many - few);
    return { rss: each("rss"), heap: each("heap") };
  });
}

/** Bare associations, opened together by a process that has done nothing yet: CPU, the longest standstill, time to the last. */
export function openings(one, count) {
  return withPair(one, ({ subject, port }) => subject.ask("open", { count, port }));
}

/** How many bytes that many Reads leave behind, after as many as it takes to be warm. */
export async function growth({ subject, peer }, count) {
  const read = (reads) => peer.ask("read", { reads, outstanding: OUTSTANDING, format: FORMATS.text });
  await subject.ask("warm");
  await read(Math.min(100_000, count));
  const before = await subject.ask("memory");
  await read(count);
  return (await subject.ask("memory")).rss - before.rss;
}
