/** Answers that come in blocks, put together again (RFC 7959 §2.4). */

import { blockOf, bytesOf, check, Opt, type Strict, textsOf, uintOf } from "./message.ts";

interface Begun {
  readonly etag: string | undefined;
  readonly size: number | undefined;
  readonly parts: Uint8Array[];
  length: number;
}

export class Blocks {
  readonly #begun = new Map<string, Begun>();

  /** The whole body when its last block has come; undefined before. @throws Fault if a block is not as it must be. */
  take(asked: Strict, message: Strict): { body: Uint8Array; fresh: boolean } | undefined {
    const block = blockOf(message, Opt.Block2);
    const wanted = blockOf(asked, Opt.Block2);
    if (block === undefined) {
      check(message.payload.length <= 1_024, "no more than 1024 bytes without Block2");
      check(wanted === undefined || wanted.number === 0, "the block that was asked for");
      return { body: message.payload, fresh: true };
    }
    const { number, more, size } = block;
    const offset = number * size;
    if (wanted !== undefined) {
      check(size <= wanted.size, `blocks of no more than ${wanted.size} bytes`);
      check(offset === wanted.number * wanted.size, `byte ${wanted.number * wanted.size} as asked for, not ${offset}`);
    } else check(number === 0, "the first block first");
    check(more ? message.payload.length === size : message.payload.length <= size, `a block of ${size} bytes`);
    check(message.payload.length > 0 || number === 0, "no empty block at the end");
    const key = [
      textsOf(asked, Opt.UriPath).join("/"),
      uintOf(asked, Opt.Accept),
      Buffer.from(asked.payload).toString("hex"),
    ].join();
    const etag = bytesOf(message, Opt.ETag);
    if (offset === 0) this.#begun.set(key, { etag, size: uintOf(message, Opt.Size2), parts: [], length: 0 });
    const begun = this.#begun.get(key);
    // Made anew after it was forgotten: a peer sees that by its ETag.
    if (begun === undefined || begun.length !== offset || begun.etag !== etag) return undefined;
    begun.parts.push(message.payload);
    begun.length += message.payload.length;
    check(
      begun.size === undefined || begun.length <= begun.size,
      `no more than the ${begun.size ?? 0} bytes that were announced`,
    );
    if (more) return undefined;
    check(
      begun.size === undefined || begun.length === begun.size,
      `${begun.size ?? 0} bytes as announced, not ${begun.length}`,
    );
    return { body: Buffer.concat(begun.parts), fresh: offset === 0 };
  }
}
