import { describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { cacheKey } from "../../src/coap/blockwise/blockwise.ts";
import { Code, type Message, type Option } from "../../src/coap/message.ts";
import { OptionNumber, stringOption, uintOption } from "../../src/coap/options.ts";
import type { IncomingRequest, Reply } from "../../src/coap/request.ts";
import { asText, block, blockOf, bytesOf, NOTHING, Observable, pathOptions, Stage, text, uintOf } from "./peers.ts";

const { Block1, Block2, ETag, Observe, Size1, Size2 } = OptionNumber;
const body = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i * 7);

/** A stage whose peer numbers its messages by itself. */
class Blocks extends Stage {
  readonly asked: IncomingRequest[] = [];
  reply: Reply = { code: Code.Changed };
  #messageId = 0;

  constructor(parameters = {}, maxDatagram = 1_280) {
    super(parameters, maxDatagram);
    this.endpoint.onRequest((request) => {
      this.asked.push(request);
      return this.reply;
    });
  }

  ask(code: number, path: string, options: readonly Option[] = [], payload: Uint8Array = NOTHING): Message {
    this.#messageId += 1;
    this.say({
      code,
      messageId: this.#messageId,
      token: Uint8Array.of(this.#messageId),
      options: [...pathOptions(path), ...options],
      payload,
    });
    return this.only();
  }

  put(figure: string, payload: Uint8Array, path = "options"): Message {
    return this.ask(Code.PUT, path, [block(Block1, figure)], payload);
  }

  get(figure?: string, path = "status"): Message {
    return this.ask(Code.GET, path, figure === undefined ? [] : [block(Block2, figure)]);
  }
}

describe("a body that comes in blocks", () => {
  it("reaches the handler once, whole, and each block is acknowledged by its name (RFC 7959 figure 7)", () => {
    const stage = new Blocks();
    const answers = [
      stage.put("0/1/128", body(384).subarray(0, 128)),
      stage.put("1/1/128", body(384).subarray(128, 256)),
      stage.put("2/0/128", body(384).subarray(256)),
    ];
    expect(answers.map(({ code }) => code)).toEqual([Code.Continue, Code.Continue, Code.Changed]);
    expect(answers.map((answer) => blockOf(answer, Block1))).toEqual(["0/1/128", "1/1/128", "2/0/128"]);
    expect(stage.asked).toHaveLength(1);
    expect(stage.asked[0]?.payload).toEqual(body(384));
    expect(stage.asked[0]?.options).toEqual([]);
  });

  it("may come in one block only, which the answer names", () => {
    const stage = new Blocks();
    expect(blockOf(stage.put("0/0/64", text("short")), Block1)).toBe("0/0/64");
    expect(asText(stage.asked[0]!.payload)).toBe("short");
  });

  it("may go on in smaller blocks (RFC 7959 figure 9)", () => {
    const stage = new Blocks({ blockSize: 32 });
    expect(blockOf(stage.put("0/1/128", body(128)), Block1)).toBe("0/1/32");
    expect(blockOf(stage.put("4/1/32", body(160).subarray(128)), Block1)).toBe("4/1/32");
    expect(stage.put("5/0/32", text("end")).code).toBe(Code.Changed);
    expect(stage.asked[0]?.payload).toHaveLength(163);
  });

  it("is refused with 4.08 if a block is missing, and is forgotten (RFC 7959 §2.9.2)", () => {
    const stage = new Blocks();
    stage.put("0/1/64", body(64));
    expect(stage.put("2/1/64", body(64)).code).toBe(Code.RequestEntityIncomplete);
    expect(stage.put("1/0/64", body(64)).code).toBe(Code.RequestEntityIncomplete);
    expect(stage.asked).toEqual([]);
  });

  it("is refused with 4.08 if it does not start at the start", () => {
    const stage = new Blocks();
    expect(stage.put("3/0/64", body(10)).code).toBe(Code.RequestEntityIncomplete);
  });

  it("may start afresh at any time (RFC 7959 §2.5)", () => {
    const stage = new Blocks();
    stage.put("0/1/64", body(64));
    stage.put("1/1/64", body(64));
    stage.put("0/1/64", new Uint8Array(64).fill(1));
    expect(stage.put("1/0/64", text("!")).code).toBe(Code.Changed);
    expect(stage.asked[0]?.payload).toEqual(Uint8Array.of(...new Uint8Array(64).fill(1), 0x21));
  });

  it("takes a block that is sent again, long after its message was forgotten, for what it is", () => {
    const stage = new Blocks({ remembered: 0 });
    stage.put("0/1/64", body(64));
    stage.put("1/1/64", body(128).subarray(64));
    expect(stage.put("1/1/64", body(128).subarray(64)).code).toBe(Code.Continue);
    expect(stage.put("2/0/64", text("!")).code).toBe(Code.Changed);
    expect(stage.asked[0]?.payload).toHaveLength(129);
    stage.put("0/1/64", body(64));
    stage.put("1/1/64", body(128).subarray(64));
    expect(
      stage.put(
        "1/1/64",
        body(64).map((byte) => byte + 1),
      ).code,
    ).toBe(Code.RequestEntityIncomplete);
  });

  it.each([
    ["shorter than it says, with more to come", "0/1/64", 63],
    ["longer than it says", "0/0/64", 65],
    ["empty, with more to come", "0/1/64", 0],
  ])("is refused with 4.00 if a block is %s", (_, figure, length) => {
    const stage = new Blocks();
    expect(stage.put(figure, body(length)).code).toBe(Code.BadRequest);
    expect(stage.asked).toEqual([]);
  });

  it("is refused with 4.13 and the size that would do, as soon as it is too long (RFC 7959 §2.9.3)", () => {
    const stage = new Blocks({ maxBody: 150 });
    stage.put("0/1/64", body(64));
    stage.put("1/1/64", body(64));
    const refused = stage.put("2/0/64", body(23));
    expect(refused.code).toBe(Code.RequestEntityTooLarge);
    expect(uintOf(refused, Size1)).toBe(150);
    expect(stage.asked).toEqual([]);
  });

  it("is refused with 4.13 at its first block if that announces too much (RFC 7959 §4)", () => {
    const stage = new Blocks({ maxBody: 150 });
    const refused = stage.ask(Code.PUT, "options", [block(Block1, "0/1/64"), uintOption(Size1, 151)], body(64));
    expect(refused.code).toBe(Code.RequestEntityTooLarge);
    expect(uintOf(refused, Size1)).toBe(150);
  });

  it("takes no memory for what is announced but does not come", () => {
    const stage = new Blocks();
    expect(stage.put("1048575/1/1024", body(1_024)).code).toBe(Code.RequestEntityTooLarge);
    expect(stage.ask(Code.PUT, "a", [block(Block1, "0/1/16"), uintOption(Size1, 65_536)], body(16)).code).toBe(
      Code.Continue,
    );
  });

  it("is refused with 4.00 for the reserved size (RFC 7959 §2.2)", () => {
    expect(new Blocks().ask(Code.PUT, "a", [uintOption(Block1, 0x0f)], body(16)).code).toBe(Code.BadRequest);
  });

  it("is kept apart from another that comes at the same time", () => {
    const stage = new Blocks();
    stage.put("0/1/16", new Uint8Array(16).fill(1), "a");
    stage.put("0/1/16", new Uint8Array(16).fill(2), "b");
    stage.put("1/0/16", text("a"), "a");
    stage.put("1/0/16", text("b"), "b");
    expect(stage.asked.map(({ path, payload }) => [path[0], payload[0], payload[16]])).toEqual([
      ["a", 1, 0x61],
      ["b", 2, 0x62],
    ]);
  });

  it("gives way to newer ones when too many are open", () => {
    const stage = new Blocks();
    for (const path of ["a", "b", "c", "d", "e"]) stage.put("0/1/16", body(16), path);
    expect(stage.put("1/0/16", text("x"), "a").code).toBe(Code.RequestEntityIncomplete);
    expect(stage.put("1/0/16", text("x"), "e").code).toBe(Code.Changed);
  });

  it("is forgotten if it does not go on", () => {
    const stage = new Blocks();
    stage.put("0/1/16", body(16));
    stage.clock.tick(248_000);
    expect(stage.put("1/0/16", text("x")).code).toBe(Code.RequestEntityIncomplete);
  });
});

describe("an answer longer than a block", () => {
  const long: Reply = { code: Code.Content, format: 40, payload: body(300), maxAge: 30 };

  it("starts with its first block, its size and its tag (RFC 7959 figure 2)", () => {
    const stage = new Blocks({ blockSize: 128 });
    stage.reply = long;
    const first = stage.get();
    expect(blockOf(first, Block2)).toBe("0/1/128");
    expect(uintOf(first, Size2)).toBe(300);
    expect(uintOf(first, OptionNumber.ContentFormat)).toBe(40);
    expect(uintOf(first, OptionNumber.MaxAge)).toBe(30);
    expect(bytesOf(first, ETag)).toHaveLength(8);
    const others = [stage.get("1/0/128"), stage.get("2/0/128")];
    expect(others.map((answer) => blockOf(answer, Block2))).toEqual(["1/1/128", "2/0/128"]);
    expect(others.map((answer) => bytesOf(answer, ETag))).toEqual([bytesOf(first, ETag), bytesOf(first, ETag)]);
    expect(Buffer.concat([first, ...others].map(({ payload }) => payload))).toEqual(Buffer.from(body(300)));
    expect(stage.asked).toHaveLength(1);
  });

  it("is cut as small as the peer wants, from the first block on (RFC 7959 figure 3)", () => {
    const stage = new Blocks();
    stage.reply = long;
    expect(blockOf(stage.get("0/0/64"), Block2)).toBe("0/1/64");
    expect(blockOf(stage.get("4/0/64"), Block2)).toBe("4/0/64");
  });

  it("may be fetched on in smaller blocks (RFC 7959 figure 4)", () => {
    const stage = new Blocks({ blockSize: 128 });
    stage.reply = long;
    stage.get();
    const next = stage.get("2/0/64");
    expect(blockOf(next, Block2)).toBe("2/1/64");
    expect(next.payload).toEqual(body(192).subarray(128));
  });

  it("is cut smaller than the peer would take if that is too much for us", () => {
    const stage = new Blocks({ blockSize: 32 });
    stage.reply = long;
    expect(blockOf(stage.get("0/0/1024"), Block2)).toBe("0/1/32");
    const next = stage.get("1/0/128");
    expect(blockOf(next, Block2)).toBe("4/1/32");
    expect(next.payload).toEqual(body(160).subarray(128));
  });

  it("names the block size even where it fits, if the peer asked for one", () => {
    const stage = new Blocks();
    stage.reply = { code: Code.Content, payload: text("short") };
    expect(blockOf(stage.get("0/0/64"), Block2)).toBe("0/0/64");
    expect(blockOf(stage.get(), Block2)).toBeUndefined();
  });

  it("is of one moment: what changes meanwhile is not mixed in", () => {
    const stage = new Blocks({ blockSize: 128 });
    stage.reply = long;
    stage.get();
    stage.reply = { ...long, payload: body(300).map((byte) => ~byte) };
    expect(stage.get("1/0/128").payload).toEqual(body(256).subarray(128));
    expect(stage.get().payload).toEqual(stage.reply.payload!.subarray(0, 128));
    expect(stage.asked).toHaveLength(2);
  });

  it("is made again if it has been forgotten, with the same tag if it is the same", () => {
    const stage = new Blocks({ blockSize: 128 });
    stage.reply = long;
    const tag = bytesOf(stage.get(), ETag);
    stage.clock.tick(94_000);
    const later = stage.get("2/0/128");
    expect(blockOf(later, Block2)).toBe("2/0/128");
    expect(bytesOf(later, ETag)).toEqual(tag);
    expect(stage.asked).toHaveLength(2);
    stage.clock.tick(94_000);
    stage.reply = { ...long, payload: body(301) };
    expect(bytesOf(stage.get("2/0/128"), ETag)).not.toEqual(tag);
  });

  it.each(["3/0/128", "1000/0/128"])("is refused with 4.00 at block %s, beyond its end (RFC 7959 §2.4)", (figure) => {
    const stage = new Blocks({ blockSize: 128 });
    stage.reply = long;
    stage.get();
    expect(stage.get(figure).code).toBe(Code.BadRequest);
    stage.reply = { code: Code.Content, payload: text("short") };
    expect(stage.get(figure, "short").code).toBe(Code.BadRequest);
  });

  it("is refused with 4.08 if it answered something that must not be done twice", () => {
    const stage = new Blocks({ blockSize: 128 });
    stage.reply = { code: Code.Changed, payload: body(300) };
    expect(blockOf(stage.ask(Code.POST, "run"), Block2)).toBe("0/1/128");
    expect(blockOf(stage.ask(Code.POST, "run", [block(Block2, "1/0/128")]), Block2)).toBe("1/1/128");
    stage.clock.tick(94_000);
    expect(stage.ask(Code.POST, "run", [block(Block2, "2/0/128")]).code).toBe(Code.RequestEntityIncomplete);
    expect(stage.asked).toHaveLength(1);
  });

  it("of a FETCH is found by the body that asked, or by none", () => {
    const stage = new Blocks({ blockSize: 16 });
    stage.endpoint.onRequest(({ payload }) => ({ code: Code.Content, payload: text(asText(payload).repeat(20)) }));
    const fetch = (payload: string, figure: string) =>
      asText(stage.ask(Code.FETCH, "", [block(Block2, figure)], text(payload)).payload);
    expect(fetch("ab", "0/0/16")).toBe("abababababababab");
    expect(fetch("", "1/0/16")).toBe("abababababababab");
    expect(fetch("cd", "1/0/16")).toBe("cdcdcdcdcdcdcdcd");
  });

  it("follows a body in blocks, each option in its place (RFC 7959 figure 11)", () => {
    const stage = new Blocks({ blockSize: 128 });
    stage.reply = { code: Code.Changed, payload: body(200) };
    stage.ask(Code.POST, "soap", [block(Block1, "0/1/128")], body(128));
    const last = stage.ask(Code.POST, "soap", [block(Block1, "1/0/128")], body(10));
    expect(blockOf(last, Block1)).toBe("1/0/128");
    expect(blockOf(last, Block2)).toBe("0/1/128");
    expect(blockOf(stage.ask(Code.POST, "soap", [block(Block2, "1/0/128")]), Block2)).toBe("1/0/128");
  });

  it("never makes a datagram longer than the transport carries", () => {
    for (const maxDatagram of [100, 128, 300, 600, 1_280]) {
      const stage = new Blocks({}, maxDatagram);
      stage.reply = { ...long, payload: body(3_000) };
      stage.get();
      stage.get("1/0/1024", "status");
      expect(Math.max(...stage.wire.sent.map(({ length }) => length))).toBeLessThanOrEqual(maxDatagram);
    }
  });

  it("is kept for a few only: the oldest is made again", () => {
    const stage = new Blocks({ blockSize: 128 });
    stage.reply = long;
    for (const path of ["a", "b", "c", "d", "e"]) stage.get(undefined, path);
    stage.get("1/0/128", "e");
    expect(stage.asked).toHaveLength(5);
    stage.get("1/0/128", "a");
    expect(stage.asked).toHaveLength(6);
  });
});

describe("a notification longer than a block", () => {
  it("brings its first block; the others are fetched, of that very moment (RFC 7959 §2.6, figure 12)", () => {
    const stage = new Blocks({ blockSize: 128 });
    const resource = new Observable();
    stage.endpoint.onRequest(resource.handler);
    stage.ask(Code.GET, "status", [uintOption(Observe, 0)]);
    resource.observation?.notify({ code: Code.Content, format: 40, payload: body(300) }, { confirmable: false });
    const first = stage.only();
    expect(first).toMatchObject({ type: "NON", code: Code.Content, token: Uint8Array.of(1) });
    expect(uintOf(first, Observe)).toBe(2);
    expect(blockOf(first, Block2)).toBe("0/1/128");
    resource.reply = { code: Code.Content, payload: text("changed meanwhile") };
    const others = [stage.get("1/0/128"), stage.get("2/0/128")];
    expect(others.map((answer) => uintOf(answer, Observe))).toEqual([undefined, undefined]);
    expect(others.map((answer) => bytesOf(answer, ETag))).toEqual([bytesOf(first, ETag), bytesOf(first, ETag)]);
    expect(Buffer.concat([first, ...others].map(({ payload }) => payload))).toEqual(Buffer.from(body(300)));
    expect(resource.asked).toHaveLength(1);
  });

  it("comes in blocks as small as the observer asked for when it registered", () => {
    const stage = new Blocks();
    const resource = new Observable();
    stage.endpoint.onRequest(resource.handler);
    const registered = stage.ask(Code.GET, "status", [uintOption(Observe, 0), block(Block2, "0/0/32")]);
    expect(blockOf(registered, Block2)).toBe("0/0/32");
    resource.observation?.notify({ code: Code.Content, payload: body(40) }, { confirmable: true });
    expect(blockOf(stage.only(), Block2)).toBe("0/1/32");
  });

  it("does not register anybody who fetches its further blocks with an Observe option by mistake", () => {
    const stage = new Blocks({ blockSize: 16 });
    const resource = new Observable();
    resource.reply = { code: Code.Content, payload: body(40) };
    stage.endpoint.onRequest(resource.handler);
    stage.ask(Code.GET, "status", [uintOption(Observe, 0)]);
    stage.clock.tick(94_000);
    const further = stage.ask(Code.GET, "status", [uintOption(Observe, 0), block(Block2, "1/0/16")]);
    expect(uintOf(further, Observe)).toBeUndefined();
    expect(stage.endpoint.observations).toBe(1);
    expect(resource.asked.map(({ observe }) => observe)).toEqual(["register", undefined]);
  });
});

describe("the key of a request", () => {
  const keyOf = (...options: Option[]) =>
    cacheKey({ type: "CON", code: Code.GET, messageId: 1, token: NOTHING, options, payload: NOTHING });

  it("is the same for all blocks of one body", () => {
    const path = stringOption(OptionNumber.UriPath, "a");
    const key = keyOf(path);
    for (const option of [
      block(Block1, "1/0/16"),
      block(Block2, "1/0/16"),
      uintOption(Size1, 9),
      uintOption(Observe, 0),
    ])
      expect(keyOf(path, option)).toBe(key);
  });

  it("differs where anything else differs", () => {
    const keys = [
      keyOf(),
      keyOf(stringOption(OptionNumber.UriPath, "a")),
      keyOf(stringOption(OptionNumber.UriPath, "ab")),
      keyOf(stringOption(OptionNumber.UriPath, "a"), stringOption(OptionNumber.UriPath, "b")),
      keyOf(stringOption(OptionNumber.UriPath, "a;11:1=b")),
      keyOf(stringOption(OptionNumber.UriQuery, "a")),
      keyOf(stringOption(OptionNumber.UriPath, "a"), uintOption(OptionNumber.Accept, 0)),
      keyOf(stringOption(OptionNumber.UriPath, "a"), uintOption(OptionNumber.Accept, 40)),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("a duplicate of a block", () => {
  it("is answered as before, and is not a second block", () => {
    const stage = new Blocks();
    const options = [...pathOptions("a"), block(Block1, "0/1/16")];
    const first = { code: Code.PUT, messageId: 500, token: Uint8Array.of(1), options, payload: body(16) };
    stage.say(first);
    stage.say(first);
    expect(new Set(stage.wire.sent.map(toHex)).size).toBe(1);
    stage.heard();
    expect(stage.put("1/0/16", text("x"), "a").code).toBe(Code.Changed);
    expect(stage.asked[0]?.payload).toHaveLength(17);
  });
});
