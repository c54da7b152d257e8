import { describe, expect, it } from "vitest";
import { HandshakeType } from "../../../src/dtls/constants.ts";
import { actionFor, afterHello, afterKeyExchange, messageName, type State } from "../../../src/dtls/handshake/table.ts";

/** Every state, and the messages that may come there; all 256 others may not. */
const MAY: Readonly<Record<State, readonly number[]>> = {
  hello: [HandshakeType.ServerHello],
  certificate: [HandshakeType.Certificate],
  "key-exchange": [HandshakeType.ServerKeyExchange],
  "hint-or-done": [HandshakeType.ServerKeyExchange, HandshakeType.ServerHelloDone],
  "request-or-done": [HandshakeType.CertificateRequest, HandshakeType.ServerHelloDone],
  done: [HandshakeType.ServerHelloDone],
  change: [],
  finished: [HandshakeType.Finished],
  over: [],
};
const STATES: readonly State[] = [
  "hello",
  "certificate",
  "key-exchange",
  "hint-or-done",
  "request-or-done",
  "done",
  "change",
  "finished",
  "over",
];

describe("the table of the handshake (RFC 5246 §7.3)", () => {
  it.each(STATES)("in %s, only its own messages may come", (state) => {
    const taken = Array.from({ length: 256 }, (_, type) => type).filter((type) => actionFor(state, type) !== undefined);
    expect(taken).toEqual([...MAY[state]].sort((a, b) => a - b));
  });

  it("a server with a certificate must show it, and sign; one with a key that is shared need not even hint", () => {
    expect(afterHello("ecdhe-ecdsa")).toBe("certificate");
    expect(afterHello("ecdhe-psk")).toBe("key-exchange");
    expect(afterHello("psk")).toBe("hint-or-done");
  });

  it("only a server that has shown a certificate may ask for one (RFC 5246 §7.4.4, RFC 4279 §2)", () => {
    expect(afterKeyExchange("ecdhe-ecdsa")).toBe("request-or-done");
    expect(afterKeyExchange("ecdhe-psk")).toBe("done");
    expect(afterKeyExchange("psk")).toBe("done");
  });

  it("messages have names for words, known or not", () => {
    expect(messageName(12)).toBe("ServerKeyExchange");
    expect(messageName(99)).toBe("message 99");
  });
});
