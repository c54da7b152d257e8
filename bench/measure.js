/** Runs one subject against the peer, each in a process of its own, and takes its figures. */

import { child } from "./rpc.js";

const OUTSTANDING = 32;

/** Registration time, notifications and reads of one subject with that many endpoints. */
export async function throughput(script, { endpoints, ms }) {
  return withPair(script, async (subject, peer, port) => {
    const began = performance.now();
    await subject.ask("start", { count: endpoints, port });
    await peer.ask("registered", endpoints);
    const registerMs = performance.now() - began;
    const flood = (confirmable) => notifications(subject, peer, { ms, confirmable });
    // Once for the compiler, then for the record.
    await peer.ask("observe", false);
    await subject.ask("flood", { ms: ms / 4, confirmable: false });
    const non = await flood(false);
    await peer.ask("observe", true);
    const con = await flood(true);
    await peer.ask("read", { ms: ms / 4, outstanding: OUTSTANDING });
    const read = await perSecond(subject, () => peer.ask("read", { ms, outstanding: OUTSTANDING }));
    return { registerMs, non, con, read, memory: await subject.ask("memory") };
  });
}

async function notifications(subject, peer, { ms, confirmable }) {
  await peer.ask("count");
  return perSecond(subject, async () => {
    await subject.ask("flood", { ms, confirmable });
    return peer.ask("count");
  });
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

/** What one more idle, registered endpoint costs, after a few are there already. Bytes. */
export async function marginalMemory(script, { few, many }) {
  return withPair(script, async (subject, peer, port) => {
    const at = async (count, more) => {
      await subject.ask("start", { count: more, port });
      await peer.ask("registered", count);
      // Answers of the last registrations, and garbage of all of them.
      await new Promise((resolve) => setTimeout(resolve, 300));
      return subject.ask("memory");
    };
    await subject.ask("warm");
    const before = await at(few, few);
    const after = await at(many, many - few);
    const each = (key) => (after[key] - before[key]) / (many - few);
    return { rss: each("rss"), heap: each("heap"), few: before.rss, many: after.rss };
  });
}

async function withPair(script, work) {
  const peer = child("./peer.js");
  const subject = child(script);
  try {
    return await work(subject, peer, await peer.ask("listen"));
  } finally {
    await subject.end();
    await peer.end();
  }
}
