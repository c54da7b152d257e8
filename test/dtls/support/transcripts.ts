/** Handshakes of other people's DTLS servers, byte for byte, and what is needed to look into them. */

import { readFileSync } from "node:fs";
import { z } from "zod";
import { fromHex } from "../../../src/base/bytes.ts";
import { type Suite, suiteOf } from "../../../src/dtls/constants.ts";

const bytes = z.string().transform(fromHex);
const maybe = bytes.nullable().transform((value) => value ?? undefined);
const step = z
  .tuple([z.enum(["client", "server"]), bytes])
  .transform(([from, datagram]) => ({ from, datagram }) as const);

function known(id: number): Suite {
  const suite = suiteOf(id);
  if (!suite) throw new RangeError(`suite ${id}`);
  return suite;
}

const transcript = z
  .object({
    name: z.string(),
    peer: z.string(),
    suiteId: z.number(),
    /** Extended master secret was agreed. */
    ems: z.boolean(),
    encryptThenMac: z.boolean(),
    pskIdentity: z.string().optional(),
    pskHex: bytes.optional(),
    credential: z.enum(["rpk", "x509"]).optional(),
    clientRandom: bytes,
    /** The Connection ID that the client issued; absent if it offered none. */
    cidOffered: maybe,
    peerCid: maybe,
    /** The client's ephemeral private key: a number of 32 bytes. */
    ecdhPrivate: maybe,
    sessionId: bytes,
    resumed: z.boolean(),
    masterSecret: bytes,
    /** Application data, each way. */
    sent: z.string(),
    received: z.string(),
    steps: z.array(step),
  })
  .transform(({ suiteId, ...facts }) => ({ ...facts, suite: known(suiteId) }));

const file = z.object({
  origin: z.string(),
  serverCertPem: z.string(),
  serverSpkiHex: bytes,
  caPem: z.string(),
  clientCertPem: z.string(),
  transcripts: z.array(transcript),
});

export type Transcript = z.infer<typeof transcript>;

const location = new URL("../vectors/dtls-transcripts.json", import.meta.url);

/** Everything in the file; its certificates belong to the transcripts with `credential`. */
export const recorded = file.parse(JSON.parse(readFileSync(location, "utf8")));

export const transcripts: readonly Transcript[] = recorded.transcripts;
