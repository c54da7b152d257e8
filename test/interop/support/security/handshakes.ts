/** What every secured server is asked first: a handshake in a certain suite, data both ways, and the same session again. */

import { expect } from "vitest";
import { type Mode, type Security, SUITE, type SuiteName } from "./accounts.ts";
import type { Peer } from "./peers.ts";
import { type Aspect, type Finding, proved } from "./proofs.ts";
import { type Backend, coaps, type Ways } from "./ways.ts";

export interface Subject {
  readonly peer: Peer;
  readonly client: Backend;
  readonly ways: Ways;
  readonly mode: Mode;
  readonly suite: SuiteName;
}

/** Twice, in that suite alone; what was found. @throws AssertionError if another is agreed, or nothing. */
export async function shakeHands(subject: Subject, security: Security): Promise<Partial<Record<Aspect, Finding>>> {
  const { peer, client, ways, mode } = subject;
  const [id, suite] = SUITE[subject.suite];
  const only = { ...security, ciphersuites: [id] };
  const once = () =>
    ways
      .use(coaps(peer.port), only, (way) => peer.talk(way))
      .catch((error: unknown) => {
        throw new Error(`${String(error)}\n${peer.running.output}`);
      });
  const first = await once();
  expect(first).toMatchObject({ protocol: "DTLS 1.2", suite, resumed: false });
  const again = await once();
  expect(again.suite).toBe(suite);
  const offered = (accepted: boolean | undefined): Finding => (accepted === true ? "yes" : "none");
  const found = {
    data: "yes",
    // OpenSSL has none to offer.
    ...(client === "built-in" && { cid: offered(first.connectionId) }),
    resumed: offered(again.resumed),
  } as const;
  proved({ peer: peer.name, client, mode, suite }, found);
  return found;
}

/** The words of a refusal name what to look at. */
export async function hearWords(subject: Subject, security: Security, words: RegExp): Promise<string> {
  const { peer, client, ways, mode } = subject;
  const [id, suite] = SUITE[subject.suite];
  const said = await ways.refusal(coaps(peer.port), { ...security, ciphersuites: [id] });
  expect(said).toMatch(words);
  proved({ peer: peer.name, client, mode, suite }, { words: "yes" });
  return said;
}
