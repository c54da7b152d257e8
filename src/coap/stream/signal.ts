/** What the two ends of a stream tell each other about the stream itself (RFC 8323 §5). */

import { decodeMessage, encodeMessage } from "../codec.ts";
import { isCritical, opaqueOption, readString, readUint, uintOption } from "../options.ts";
import type { Message, Option } from "../message.ts";
import { frameOf } from "./frame.ts";

/** §5.1: codes of class 7. */
export const SignalCode = { CSM: 0xe1, Ping: 0xe2, Pong: 0xe3, Release: 0xe4, Abort: 0xe5 } as const;

/** Numbers mean something else with each code (§5.2). */
const Setting = { MaxMessageSize: 2, BlockWiseTransfer: 4 } as const;
const CUSTODY = 2;
const Farewell = { AlternativeAddress: 2, HoldOff: 4 } as const;
const BAD_CSM_OPTION = 2;

/** §5.3.1: what a peer takes that has not said how much it takes. */
export const USUAL_MAX_MESSAGE = 1_152;
/** Of what a stranger says for people, as much as fits a line. */
const MAX_WORDS = 200;
const NOTHING = new Uint8Array(0);

export type Signal =
  /** Absent means unchanged (§5.3). */
  | { readonly kind: "csm"; readonly maxMessage?: number; readonly blockwise?: true }
  | { readonly kind: "ping" | "pong"; readonly token: Uint8Array }
  /** `holdOff` in seconds. */
  | {
      readonly kind: "release";
      readonly alternative: string | undefined;
      readonly holdOff: number;
      readonly words: string;
    }
  | { readonly kind: "abort"; readonly words: string }
  /** It has an option that must be understood and is not (§5.2). */
  | { readonly kind: "foreign"; readonly option: number; readonly csm: boolean }
  /** A code that nobody has given a meaning. */
  | { readonly kind: "unknown" };

export function isSignal(code: number): boolean {
  return code >> 5 === 7;
}

/** @throws DecodeError if the options cannot be read. */
export function readSignal(datagram: Uint8Array): Signal {
  const message = decodeMessage(datagram);
  const { code, token, options } = message;
  // None of the options that have a meaning here is critical.
  const foreign = options.find(({ number }) => isCritical(number));
  if (foreign !== undefined) return { kind: "foreign", option: foreign.number, csm: code === SignalCode.CSM };
  switch (code) {
    case SignalCode.CSM:
      return readSettings(options);
    case SignalCode.Ping:
      return { kind: "ping", token };
    case SignalCode.Pong:
      return { kind: "pong", token };
    case SignalCode.Release:
      return readRelease(message);
    case SignalCode.Abort:
      return { kind: "abort", words: wordsOf(message) };
    default:
      return { kind: "unknown" };
  }
}

function readSettings(options: readonly Option[]): Signal {
  const size = valueOf(options, Setting.MaxMessageSize);
  const blockwise = valueOf(options, Setting.BlockWiseTransfer) !== undefined;
  return {
    kind: "csm",
    // §5.2: an elective option of a wrong length is as if it were not there.
    ...(size !== undefined && size.length <= 4 && { maxMessage: readUint(size) }),
    ...(blockwise && { blockwise }),
  };
}

function readRelease(message: Message): Signal {
  const holdOff = valueOf(message.options, Farewell.HoldOff);
  const address = valueOf(message.options, Farewell.AlternativeAddress);
  return {
    kind: "release",
    alternative: address && printable(readString(address) ?? ""),
    holdOff: holdOff !== undefined && holdOff.length <= 3 ? readUint(holdOff) : 0,
    words: wordsOf(message),
  };
}

function valueOf(options: readonly Option[], wanted: number): Uint8Array | undefined {
  return options.find(({ number }) => number === wanted)?.value;
}

/** §5.1: the payload of a signal is for people. */
function wordsOf({ payload }: Message): string {
  return printable(new TextDecoder().decode(payload.subarray(0, MAX_WORDS)));
}

function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ").trim();
}

/** What we take, and that we know bodies in blocks: of more than one block each, if we take that much (§5.3.2, §6). */
export function encodeSettings(maxMessage: number): Uint8Array {
  return encodeSignal(SignalCode.CSM, {
    options: [uintOption(Setting.MaxMessageSize, maxMessage), opaqueOption(Setting.BlockWiseTransfer, NOTHING)],
  });
}

/** With Custody, the answer says that all before it was dealt with (§5.4.1). */
export function encodePing(token: Uint8Array, custody: boolean): Uint8Array {
  return encodeSignal(SignalCode.Ping, { token, options: custody ? [opaqueOption(CUSTODY, NOTHING)] : [] });
}

export function encodePong(token: Uint8Array): Uint8Array {
  return encodeSignal(SignalCode.Pong, { token });
}

export function encodeRelease(): Uint8Array {
  return encodeSignal(SignalCode.Release, {});
}

/** `badOption`: the one of a CSM that we cannot follow (§5.6). */
export function encodeAbort(words: string, badOption?: number): Uint8Array {
  return encodeSignal(SignalCode.Abort, {
    options: badOption === undefined ? [] : [uintOption(BAD_CSM_OPTION, badOption)],
    payload: Buffer.from(words),
  });
}

function encodeSignal(code: number, parts: Partial<Pick<Message, "token" | "options" | "payload">>): Uint8Array {
  const { token = NOTHING, options = [], payload = NOTHING } = parts;
  return frameOf(encodeMessage({ type: "NON", code, messageId: 0, token, options, payload }));
}
