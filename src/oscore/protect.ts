/** One message into its protected form and back: what is hidden inside, what stays outside (RFC 8613 §4, §8). */

import { Code, decodeMessage, encodeMessage, type Message, type Option, OptionNumber } from "../coap/index.ts";
import { DecodeError } from "../base/bytes.ts";
import { open, type RequestId, seal } from "./aead.ts";
import { type Context, nonceOf, partialIvOf } from "./context.ts";
import { encodeOption, OSCORE, type OscoreOption } from "./option.ts";

/** §4.1.3: options for whoever passes a message on (Class U). All others are for the other end alone (Class E). */
const OUTSIDE: ReadonlySet<number> = new Set([
  OptionNumber.UriHost,
  OptionNumber.UriPort,
  OptionNumber.ProxyUri,
  OptionNumber.ProxyScheme,
  OSCORE,
]);
/** Of those that come from outside, unprotected, only these are listened to. */
const HEARD_OUTSIDE: ReadonlySet<number> = new Set([OptionNumber.UriHost, OptionNumber.UriPort]);

const NOTHING = new Uint8Array(0);
const HEADER = 4;

/** A request under the number `sequence`, and what its answers will be held against (§8.1). */
export function protectRequest(context: Context, plain: Message, sequence: number): [Message, RequestId] {
  const { senderId: kid, senderKey: key, aead, idContext: kidContext } = context;
  const partialIv = partialIvOf(sequence);
  const request = { kid, partialIv };
  const observe = plain.options.find(({ number }) => number === OptionNumber.Observe);
  const payload = seal({ aead, key, nonce: nonceOf(context, kid, partialIv), request }, hide(plain, plain.options));
  const options = outside(plain, observe, { partialIv, kid, ...(kidContext && { kidContext }) });
  return [{ ...plain, code: observe ? Code.FETCH : Code.POST, options, payload }, request];
}

/** A response; with a number of its own, or (once for each request) with the number of the request (§8.3). */
export function protectResponse(context: Context, plain: Message, request: RequestId, sequence?: number): Message {
  const { senderKey: key, aead } = context;
  const partialIv = sequence === undefined ? undefined : partialIvOf(sequence);
  const nonce = partialIv
    ? nonceOf(context, context.senderId, partialIv)
    : nonceOf(context, request.kid, request.partialIv);
  const observe = plain.options.find(({ number }) => number === OptionNumber.Observe);
  // §4.1.3.5.2: inside, the option only says that this is a notification; its order is that of the numbers.
  const inner = plain.options.map((option) => (option === observe ? { ...option, value: NOTHING } : option));
  const payload = seal({ aead, key, nonce, request }, hide(plain, inner));
  const options = outside(plain, observe, partialIv ? { partialIv } : {});
  return { ...plain, code: observe ? Code.Content : Code.Changed, options, payload };
}

/** What a request says; undefined if it was not sealed by the other end (§8.2). */
export function unprotectRequest(context: Context, outer: Message, request: RequestId): Message | undefined {
  const { recipientKey: key, aead } = context;
  const nonce = nonceOf(context, request.kid, request.partialIv);
  const text = open({ aead, key, nonce, request }, outer.payload);
  return text && shown(outer, text);
}

/** What a response says; undefined if it was not sealed by the other end, for this request (§8.4). */
export function unprotectResponse(
  context: Context,
  outer: Message,
  { partialIv }: OscoreOption,
  request: RequestId,
): Message | undefined {
  const { recipientKey: key, aead } = context;
  const nonce = partialIv
    ? nonceOf(context, context.recipientId, partialIv)
    : nonceOf(context, request.kid, request.partialIv);
  const text = open({ aead, key, nonce, request }, outer.payload);
  const inner = text && shown(outer, text);
  if (!inner) return undefined;
  // §4.1.3.5.2: the order of notifications is that of their numbers, in three bytes.
  const order = partialIv?.subarray(-3) ?? NOTHING;
  const options = inner.options.map((option) =>
    option.number === OptionNumber.Observe ? { ...option, value: order } : option,
  );
  return { ...inner, options };
}

/** Code, options of Class E and payload: what is sealed (§5.3). */
function hide(plain: Message, options: readonly Option[]): Uint8Array {
  const inside = options.filter(({ number }) => !OUTSIDE.has(number));
  const message = encodeMessage({ ...plain, token: NOTHING, options: inside });
  // Code and all that follows an empty token: the header's other three bytes are the outer message's.
  message[HEADER - 1] = plain.code;
  return message.subarray(HEADER - 1);
}

function outside({ options }: Message, observe: Option | undefined, option: OscoreOption): Option[] {
  return [
    ...options.filter(({ number }) => OUTSIDE.has(number)),
    ...(observe ? [observe] : []),
    { number: OSCORE, value: encodeOption(option) },
  ];
}

/** @throws DecodeError if what was sealed is no message: its sender's mistake. */
function shown(outer: Message, text: Uint8Array): Message {
  const code = text[0];
  if (code === undefined) throw new DecodeError("an OSCORE message without a code");
  const bytes = Buffer.concat([Uint8Array.of(0x40, code, 0, 0), text.subarray(1)]);
  const { options, payload } = decodeMessage(bytes);
  const heard = outer.options.filter(({ number }) => HEARD_OUTSIDE.has(number));
  const inside = options.filter(({ number }) => !OUTSIDE.has(number));
  return { ...outer, code, options: [...heard, ...inside], payload };
}
