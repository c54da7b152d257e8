/** What a server says without protection, in words, and as nothing that LwM2M would act on. */

import { describe, expect, it } from "vitest";
import { Code, type Message, OptionNumber } from "../../src/coap/index.ts";
import { complaintOf } from "../../src/oscore/complaint.ts";

const said = (code: number, text: string): Message => ({
  type: "ACK",
  code,
  messageId: 7,
  token: Uint8Array.of(1),
  options: [{ number: OptionNumber.MaxAge, value: Uint8Array.of(60) }],
  payload: Buffer.from(text),
});

describe("a complaint without protection (RFC 8613 §8.2)", () => {
  it.each([
    [Code.BadRequest, "Decryption failed", "the master secret or its salt is another (4.00 Decryption failed)"],
    [Code.Unauthorized, "Security context not found", "our Sender ID or the ID context is not known (4.01 Sec"],
    [Code.Unauthorized, "Replay detected", "our numbers were heard before (4.01 Replay detected)"],
    [Code.BadOption, "Failed to decode COSE", "another OSCORE is spoken (4.02 Failed"],
    [Code.PreconditionFailed, "", "without a reason of its own (4.12)"],
  ])("of %i %s is handed up in words", (code, text, words) => {
    const { payload } = complaintOf(said(code, text));
    expect(Buffer.from(payload).toString()).toContain(words);
    expect(Buffer.from(payload).toString()).toMatch(/^OSCORE is refused there, /);
  });

  it("is 4.01 whatever it says, under the same token, without its options", () => {
    // 4.12 would be taken for a server of an older version, 4.04 for one that has forgotten us (LwM2M Core 1.2 §6.2).
    for (const code of [Code.BadRequest, Code.NotFound, Code.PreconditionFailed, Code.ServiceUnavailable])
      expect(complaintOf(said(code, ""))).toMatchObject({
        code: Code.Unauthorized,
        type: "ACK",
        messageId: 7,
        token: Uint8Array.of(1),
        options: [],
      });
  });

  it("is cut short, however long, and holds nothing that a terminal would obey", () => {
    const { payload } = complaintOf(said(Code.BadRequest, `\u001b[31m${"x".repeat(1_000)}`));
    const text = Buffer.from(payload).toString();
    expect(text.length).toBeLessThan(200);
    expect(text).not.toContain("\u001b");
  });
});
