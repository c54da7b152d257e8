/** The contract of transports, as tests: UDP, the test network, and whatever else carries datagrams to one peer. */

import { describe, expect, it } from "vitest";
import type { Transport } from "../../src/base/transport.ts";

/** A transport and the peer at its other end. */
export interface Wired {
  readonly near: Transport;
  /** The next datagram that arrives at the peer. */
  arrival(): Promise<Uint8Array>;
  /** The peer sends a datagram to the transport. */
  sendBack(datagram: Uint8Array): void;
  /** Ends the peer. */
  end(): Promise<void>;
}

export function describeTransport(name: string, wire: () => Promise<Wired>): void {
  describe(`${name}, as every transport`, () => {
    const wired = async (run: (wired: Wired) => Promise<void>) => {
      const pair = await wire();
      try {
        await run(pair);
      } finally {
        await pair.near.close();
        await pair.end();
      }
    };
    const open = (transport: Transport) => transport.open(new AbortController().signal);
    const heard = (transport: Transport) =>
      new Promise<Uint8Array>((resolve) => transport.onDatagram((datagram) => resolve(Uint8Array.from(datagram))));

    it("carries whole datagrams both ways", () =>
      wired(async ({ near, arrival, sendBack }) => {
        await open(near);
        const back = heard(near);
        near.send(Uint8Array.of(1, 2, 3));
        expect([...(await arrival())]).toEqual([1, 2, 3]);
        sendBack(Uint8Array.of(4, 5));
        expect([...(await back)]).toEqual([4, 5]);
      }));

    it("carries a datagram of the size it names", () =>
      wired(async ({ near, arrival }) => {
        await open(near);
        near.send(new Uint8Array(near.maxDatagram).fill(7));
        expect((await arrival()).length).toBe(near.maxDatagram);
      }));

    it("keeps datagrams apart, and in the order sent where the way is short", () =>
      wired(async ({ near, arrival }) => {
        await open(near);
        for (const byte of [1, 2, 3]) {
          const next = arrival();
          near.send(Uint8Array.of(byte));
          expect([...(await next)]).toEqual([byte]);
        }
      }));

    it("never throws when sending, open or not", () =>
      wired(async ({ near }) => {
        const send = () => {
          near.send(Uint8Array.of(1));
          near.send(new Uint8Array(0));
          near.send(new Uint8Array(100_000));
        };
        expect(send).not.toThrow();
        await open(near);
        expect(send).not.toThrow();
        await near.close();
        expect(send).not.toThrow();
      }));

    it("closes twice without harm, and opens again", () =>
      wired(async ({ near, arrival }) => {
        await near.close();
        await open(near);
        await near.close();
        await near.close();
        await open(near);
        const next = arrival();
        near.send(Uint8Array.of(9));
        expect([...(await next)]).toEqual([9]);
      }));

    it("can be renewed, and works after it", () =>
      wired(async ({ near, arrival }) => {
        await near.renew();
        await open(near);
        await near.renew();
        const next = arrival();
        near.send(Uint8Array.of(8));
        expect([...(await next)]).toEqual([8]);
      }));
  });
}
