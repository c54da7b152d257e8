/** How fast DTLS records are sealed and opened, in this process, on one core: one row per suite, no handshake, no socket. */

import { randomBytes } from "node:crypto";
import { allSuites, ContentType } from "../dist/dtls/constants.js";
import { keyBlock } from "../dist/dtls/kdf.js";
import { Protection } from "../dist/dtls/protect.js";
import { readRecords } from "../dist/dtls/record.js";
import { rate } from "./codecs.js";

/** A notification of one value. */
const PAYLOAD = new Uint8Array(32).fill(0x45);
/** As long as the servers of the field issue them. */
const CID = new Uint8Array(6).fill(0xc1);

/** Suites of other key exchanges seal alike: those of a plain pre-shared key stand for all. */
export function recordRates(ms) {
  const suites = allSuites().filter(({ keyExchange }) => keyExchange === "psk");
  return suites.flatMap((suite) => [
    { name: suite.name, ...ratesOf(suite, undefined, ms) },
    { name: `${suite.name}, CID`, ...ratesOf(suite, CID, ms) },
  ]);
}

function ratesOf(suite, cid, ms) {
  const keys = keyBlock(randomBytes(48), randomBytes(32), randomBytes(32), suite);
  const client = new Protection(suite, keys, { peerCid: cid });
  const server = new Protection(suite, keys, { ownCid: cid, side: "server" });
  let sequence = 0;
  const datagram = client.seal(ContentType.ApplicationData, sequence++, PAYLOAD);
  const openAll = () => readRecords(datagram, cid?.length ?? 0).every((record) => server.open(record) !== undefined);
  if (!openAll()) throw new Error(`${suite.name}: what was sealed does not open`);
  return {
    seal: rate(() => client.seal(ContentType.ApplicationData, sequence++, PAYLOAD), ms),
    open: rate(openAll, ms),
  };
}
