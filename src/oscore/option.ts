/** The OSCORE option: which context, and which number, a message was protected with (RFC 8613 §6.1). */

import { DecodeError } from "../base/bytes.ts";

/** What the option says. Each absent unless it is needed: a response mostly says nothing. */
export interface OscoreOption {
  /** 1 to 5 bytes. */
  readonly partialIv?: Uint8Array;
  readonly kidContext?: Uint8Array;
  /** The sender's id; an empty one is one too. */
  readonly kid?: Uint8Array;
}

export const OSCORE = 9;

const PIV_BITS = 0b111;
const KID_BIT = 0b1000;
const KID_CONTEXT_BIT = 0b1_0000;
const RESERVED_BITS = 0b1110_0000;
const MAX_PIV = 5;

export function encodeOption({ partialIv, kidContext, kid }: OscoreOption): Uint8Array {
  const flags = (partialIv?.length ?? 0) | (kid ? KID_BIT : 0) | (kidContext ? KID_CONTEXT_BIT : 0);
  // Where all is zero, the option is empty.
  if (flags === 0) return new Uint8Array(0);
  return Buffer.concat(
    [
      Uint8Array.of(flags),
      partialIv ?? [],
      ...(kidContext ? [Uint8Array.of(kidContext.length), kidContext] : []),
      kid ?? [],
    ].map((part) => Uint8Array.from(part)),
  );
}

/** The parts are copies: they outlive the datagram. @throws DecodeError, for which 4.02 is the answer (§8.2). */
export function decodeOption(value: Uint8Array): OscoreOption {
  const flags = value[0];
  if (flags === undefined) return {};
  if (flags === 0) throw new DecodeError("OSCORE option of zeros that should be empty");
  if ((flags & RESERVED_BITS) !== 0) throw new DecodeError("OSCORE option with a reserved flag");
  const pivLength = flags & PIV_BITS;
  if (pivLength > MAX_PIV) throw new DecodeError(`OSCORE Partial IV of ${pivLength} bytes`);
  let at = 1 + pivLength;
  if (at > value.length) throw new DecodeError("OSCORE Partial IV cut short");
  const partialIv = Uint8Array.from(value.subarray(1, at));
  if (pivLength > 1 && partialIv[0] === 0) throw new DecodeError("OSCORE Partial IV with a leading zero");
  let kidContext: Uint8Array | undefined;
  if ((flags & KID_CONTEXT_BIT) !== 0) {
    const length = value[at];
    if (length === undefined || at + 1 + length > value.length) throw new DecodeError("OSCORE kid context cut short");
    kidContext = Uint8Array.from(value.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  const hasKid = (flags & KID_BIT) !== 0;
  if (!hasKid && at < value.length) throw new DecodeError("OSCORE option with more than its flags tell of");
  return {
    ...(pivLength > 0 && { partialIv }),
    ...(kidContext && { kidContext }),
    ...(hasKid && { kid: Uint8Array.from(value.subarray(at)) }),
  };
}
