/**
 * The other end: a UDP socket that answers Register, observes /3303/0/5700 of everyone, counts notifications, and reads
 * in a closed loop. It does no more than it must, so that the subject is what gets measured. Over DTLS, all that goes
 * through the OpenSSL inside Node.
 */

import { randomBytes } from "node:crypto";
import dgram from "node:dgram";
import { findOpenssl } from "../dist/io/openssl/library.js";
import { OpensslServer } from "../dist/io/openssl/server.js";
import { serve } from "./rpc.js";
import { listenOnTcp } from "./stream-wire.js";
import {
  ack,
  answer,
  FORMATS,
  getValue,
  isRequest,
  locationOf,
  microseconds,
  POST,
  PSK,
  Type,
  typeOf,
} from "./wire.js";

const OBSERVE = 0x4f;
const READ = 0x52;
const BUFFER = 8 * 1024 * 1024;
const LOST_AFTER_MS = 500;

const socket = dgram.createSocket("udp4");
const endpoints = [];
const byPort = new Map();
let firstAt = 0;
let lastAt = 0;
let observed = 0;
let observeGeneration = 0;
let notifications = 0;
/** Microseconds that notifications of paced changes took to get here: their value is when they were made. */
let latencies = [];
let timing = false;
let reads = 0;
let format = FORMATS.text;
/** Outstanding reads: which endpoint each slot asked, and when. */
let slots = [];
let reading = false;
let nextEndpoint = 0;

/** Carries a datagram to a port, and takes one that came from there. */
let tell = (datagram, port) => void socket.send(datagram, port, "127.0.0.1");
let take = heard;
socket.on("message", (datagram, { port }) => take(datagram, port));

function heard(datagram, port) {
  const code = datagram[1];
  if (isRequest(code)) {
    onRequest(datagram, port, code);
    return;
  }
  if (code === 0) return;
  if (typeOf(datagram) === Type.CON) tell(ack(datagram), port);
  const kind = datagram[4];
  if (kind === OBSERVE) onNotification(datagram, byPort.get(port));
  else if (kind === READ) onRead(datagram);
}

/** From now on all of it is sealed. */
async function secure() {
  const found = await findOpenssl();
  if (found.status === "missing") throw new Error(found.reason);
  const key = Buffer.from(PSK, "hex");
  const server = new OpensslServer(
    found.openssl,
    { psk: () => key, cookieSecret: randomBytes(32) },
    {
      transmit: (peer, datagram) => socket.send(datagram, Number(peer), "127.0.0.1"),
      opened: () => undefined,
      received: (peer, payload) =>
        heard(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength), Number(peer)),
      ended: () => undefined,
    },
  );
  tell = (datagram, port) => void server.send(String(port), datagram, performance.now());
  take = (datagram, port) => server.receive(String(port), datagram, performance.now());
  setInterval(() => server.onTimeout(performance.now()), 250);
}

function onRequest(datagram, port, code) {
  const known = byPort.get(port);
  if (code !== POST) {
    tell(answer(datagram, 0x42), port);
  } else if (known) {
    tell(answer(datagram, 0x44), port);
  } else {
    const endpoint = { port, messageId: 1, generation: 0 };
    byPort.set(port, endpoint);
    endpoints.push(endpoint);
    lastAt = performance.now();
    if (endpoints.length === 1) firstAt = lastAt;
    tell(answer(datagram, 0x41, locationOf(String(port))), port);
  }
}

function onNotification(datagram, endpoint) {
  if (!endpoint) return;
  if (endpoint.generation !== observeGeneration && datagram[7] === (observeGeneration & 255)) {
    endpoint.generation = observeGeneration;
    observed += 1;
    return;
  }
  notifications += 1;
  if (timing)
    latencies.push(microseconds() - Number(datagram.latin1Slice(datagram.indexOf(0xff, 9 + (datagram[8] & 15)) + 1)));
}

function onRead(datagram) {
  const slot = slots[(datagram[5] << 8) | datagram[6]];
  // The answer to a question that was given up already.
  if (!slot || slot.turn !== datagram[7]) return;
  reads += 1;
  if (reading) read(slot);
}

function read(slot) {
  const endpoint = endpoints[nextEndpoint++ % endpoints.length];
  slot.turn = (slot.turn + 1) & 255;
  slot.at = performance.now();
  send(endpoint, {
    token: [READ, slot.index >> 8, slot.index & 255, slot.turn],
    confirmable: true,
    observe: false,
    format,
  });
}

function send(endpoint, { token, confirmable, observe, format }) {
  const messageId = endpoint.messageId++ & 0xffff;
  tell(getValue({ confirmable, messageId, token, observe, format }), endpoint.port);
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(condition, ms, what) {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what} after ${ms} ms`);
    await pause(5);
  }
}

serve({
  listen: async ({ secured, stream }) => {
    if (stream) {
      const { port, tell: write } = await listenOnTcp(heard);
      tell = write;
      return port;
    }
    if (secured) await secure();
    return new Promise((resolve) => {
      socket.bind(0, "127.0.0.1", () => {
        socket.setRecvBufferSize(BUFFER);
        socket.setSendBufferSize(BUFFER);
        resolve(socket.address().port);
      });
    });
  },

  /** Waits for that many endpoints; milliseconds from the first Register to the last. */
  registered: async (count) => {
    await until(() => endpoints.length >= count, 60_000, `${endpoints.length} of ${count} registered`);
    return lastAt - firstAt;
  },

  /** Observes everyone, with confirmable requests or not; an observation of before is replaced (RFC 7641 §3.1). */
  observe: async (confirmable) => {
    observed = 0;
    observeGeneration += 1;
    for (const [index, endpoint] of endpoints.entries()) {
      send(endpoint, { token: [OBSERVE, 0, 0, observeGeneration & 255], confirmable, observe: true });
      if (index % 50 === 49) await pause(1);
    }
    await until(() => observed >= endpoints.length, 30_000, `${observed} of ${endpoints.length} observed`);
  },

  /** Notifications since the last time one asked. */
  count: () => {
    const counted = notifications;
    notifications = 0;
    return counted;
  },

  /** Milliseconds of half and of nearly all notifications since the last time one asked; from then on they are timed. */
  latencies: () => {
    const sorted = latencies.filter((each) => each >= 0).sort((a, b) => a - b);
    latencies = [];
    timing = true;
    const at = (share) => (sorted[Math.floor(sorted.length * share)] ?? 0) / 1_000;
    return { count: sorted.length, p50: at(0.5), p99: at(0.99) };
  },

  /** Reads for that long, or that often, with that many outstanding; how many were answered. */
  read: async ({ ms = Infinity, reads: enough = Infinity, outstanding, format: wanted }) => {
    reads = 0;
    reading = true;
    format = wanted;
    slots = Array.from({ length: outstanding }, (_, index) => ({ index, turn: 0, at: 0 }));
    for (const slot of slots) read(slot);
    const end = performance.now() + ms;
    while (performance.now() < end && reads < enough) {
      await pause(50);
      for (const slot of slots) if (performance.now() - slot.at > LOST_AFTER_MS) read(slot);
    }
    reading = false;
    return reads;
  },
});
