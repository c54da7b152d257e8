import { describe, expect, it } from "vitest";
import type { Answer, Response } from "../../../src/coap/index.ts";
import { errorText, eventOf } from "../../../src/lwm2m/servers/answers.ts";

interface Details {
  readonly text?: string;
  readonly location?: readonly string[];
  readonly maxAge?: number;
}

function answered(code: number, { text = "", location = [], maxAge }: Details = {}): Answer {
  const response: Response = {
    code,
    locationPath: location,
    locationQuery: [],
    maxAge,
    payload: new TextEncoder().encode(text),
  };
  return { status: "answered", response };
}

describe("answers of a server in words", () => {
  it.each<[Answer, string | undefined]>([
    [answered(0x41), undefined],
    [answered(0x83, { text: "unknown endpoint" }), "4.03 Forbidden: unknown endpoint"],
    [answered(0x8c), "4.12 Precondition Failed"],
    [answered(0x9d), "4.29 Too Many Requests"],
    [answered(0x80, { text: "two\nlines\u0007and a bell " }), "4.00 Bad Request: two lines and a bell"],
    [{ status: "timeout" }, "no answer in 62 s"],
    [{ status: "reset" }, "the server answered with a reset: nothing there speaks LwM2M"],
    [{ status: "failed", reason: "connection lost: cable" }, "connection lost: cable"],
  ])("%o is told as %s", (answer, text) => {
    expect(errorText(answer, 61_700)).toBe(text);
  });

  it("never take more than a line of what a stranger says", () => {
    expect(errorText(answered(0x80, { text: "x".repeat(5_000) }), 0)!.length).toBeLessThan(230);
  });

  it("become events for the table", () => {
    expect(eventOf(answered(0x41, { location: ["rd", "1"] }))).toEqual({ type: "accepted", location: ["rd", "1"] });
    expect(eventOf(answered(0x44))).toEqual({ type: "accepted" });
    expect(eventOf(answered(0x84))).toEqual({ type: "refused", code: 0x84 });
    for (const status of ["timeout", "reset"] as const) expect(eventOf({ status })).toEqual({ type: "no-answer" });
    expect(eventOf({ status: "failed", reason: "" })).toEqual({ type: "no-answer" });
  });

  it("say how long to stay away, where that is what they are for, and no longer than a day", () => {
    expect(eventOf(answered(0xa3, { maxAge: 30 }))).toEqual({ type: "refused", code: 0xa3, retryAfterMs: 30_000 });
    expect(eventOf(answered(0x9d, { maxAge: 0xffff_ffff }))).toMatchObject({ retryAfterMs: 86_400_000 });
    expect(eventOf(answered(0x83, { maxAge: 30 }))).toEqual({ type: "refused", code: 0x83 });
  });
});
