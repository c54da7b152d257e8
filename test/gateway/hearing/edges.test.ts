/** Small decisions about those who are heard, each at its edge. */

import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { keyState } from "../../../src/gateway/hearing/key.ts";
import { rawLines } from "../../../src/gateway/hearing/raw.ts";
import { patienceOf } from "../../../src/gateway/hearing/tuning.ts";
import type { Session } from "../../../src/library/index.ts";
import { device, sealing } from "./stage.ts";

describe("patience", () => {
  const kind = { ...device("acme.patient"), alive: { expectMs: 1_000, staleMs: 10_000, goneMs: 60_000 } };

  it("is that of the kind, of its owner, or of both", () => {
    expect(patienceOf(kind, undefined)).toBe(kind.alive);
    expect(patienceOf(kind, {})).toBe(kind.alive);
    expect(patienceOf(kind, { alive: { goneMs: 20_000 } })).toEqual({ ...kind.alive, goneMs: 20_000 });
    expect(patienceOf(kind, { alive: { expectMs: 5 } })).toEqual({ ...kind.alive, expectMs: 5 });
  });

  it("lets nobody be gone before stale, whichever of both its owner names", () => {
    expect(patienceOf(kind, { alive: { staleMs: 90_000 } })).toMatchObject({ staleMs: 90_000, goneMs: 90_000 });
    expect(patienceOf(kind, { alive: { goneMs: 5_000 } })).toMatchObject({ staleMs: 10_000, goneMs: 10_000 });
  });
});

describe("the key of somebody who has not sealed anything yet", () => {
  const key = new Secret("00".repeat(16), "key");
  const fresh: Session = { key: undefined, state: undefined };

  it("is missing only where there is none and nothing can be read without", () => {
    expect(keyState(sealing(device("acme.sealed")), undefined, fresh)).toBe("missing");
    expect(keyState(sealing(device("acme.sealed")), key, fresh)).toBeUndefined();
    expect(keyState(sealing(device("acme.loose"), true), undefined, fresh)).toBeUndefined();
    expect(keyState(device("acme.open"), undefined, undefined)).toBeUndefined();
  });
});

describe("a message that nobody can read", () => {
  const shown = (body: string | Uint8Array) =>
    rawLines({
      source: "a/b",
      at: { ms: 0, trusted: true },
      payload: { kind: "message", topic: "a/b", body: Buffer.from(body) },
    })[1];

  it("is shown as text, though the last letter that is looked at is cut in two", () => {
    const long = `a${"é".repeat(600)}`;
    expect(Buffer.from(long)[800]).toBe(0xa9);
    expect(shown(long)).toBe(`a${"é".repeat(199)}…`);
  });

  it("is shown as bytes if it is none, or has what a terminal would obey", () => {
    expect(shown(Uint8Array.of(0x61, 0xff))).toBe("2 bytes: 61 ff");
    expect(shown("a\u001b[2J")).toBe("5 bytes: 61 1b 5b 32 4a");
    expect(shown("a\tb\n")).toBe("a b ");
  });
});
