/** Who takes part in each suite against a secured server: identities and ways that last as long as it does, a server for one test. */

import { afterAll, beforeAll } from "vitest";
import { Identities } from "./accounts.ts";
import type { Peer } from "./peers.ts";
import { type Backend, Ways } from "./ways.ts";

export interface Parties {
  readonly ids: Identities;
  readonly ways: Ways;
}

/** To be called in a `describe`; what it gives is filled before the first test, and gone after the last. */
export function parties(client?: Backend): Parties {
  let made: Parties | undefined;
  beforeAll(async () => {
    made = { ids: await Identities.make(), ways: await Ways.of(client) };
  });
  afterAll(async () => {
    await made?.ways.end();
    await made?.ids.discard();
  });
  const there = (): Parties => {
    if (!made) throw new Error("nobody is there before the first test");
    return made;
  };
  return {
    get ids() {
      return there().ids;
    },
    get ways() {
      return there().ways;
    },
  };
}

/** The server is there while it is used, and is killed then. */
export async function during<T>(starting: Promise<Peer>, use: (peer: Peer) => Promise<T>): Promise<T> {
  const peer = await starting;
  try {
    return await use(peer);
  } finally {
    await peer.running.end("SIGKILL");
  }
}
