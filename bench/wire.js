/** The few CoAP messages (RFC 7252 §3) that the measuring peer and the bare endpoints need, written straight to bytes. */

/** What all associations of the bench are proved with, as hexadecimal digits. */
export const PSK = "000102030405060708090a0b0c0d0e0f";

export const Type = { CON: 0, NON: 1, ACK: 2, RST: 3 };
export const POST = 0x02;
export const GET = 0x01;

/** A request is of class 0 and not empty. */
export const isRequest = (code) => code > 0 && code < 0x20;

export const typeOf = (datagram) => (datagram[0] >> 4) & 3;

/** Whether it acknowledges and says nothing else. */
export const isAcknowledgement = (datagram) => typeOf(datagram) === Type.ACK && datagram[1] === 0;

/** An empty acknowledgement. */
export const ack = (datagram) => Buffer.from([0x60, 0x00, datagram[2], datagram[3]]);

/** An answer without options or payload, to a confirmable request. */
export function answer(datagram, code, options = []) {
  const tokenLength = datagram[0] & 15;
  return Buffer.concat([
    Buffer.from([0x60 | tokenLength, code, datagram[2], datagram[3]]),
    datagram.subarray(4, 4 + tokenLength),
    Buffer.from(options),
  ]);
}

/** Location-Path (8) `rd` and one more segment. */
export const locationOf = (name) => [0x82, 0x72, 0x64, name.length, ...Buffer.from(name)];

/** Content-Formats that a Read may ask for. */
export const FORMATS = { text: 0, TLV: 11_542, "SenML-CBOR": 112, "SenML-JSON": 110 };

const uint = (value) => (value === 0 ? [] : value < 256 ? [value] : [value >> 8, value & 255]);

/** GET /3303/0/5700, with Observe 0 (6) if wanted. The token says what it is for: a letter and a 24-bit number. */
export function getValue({ confirmable, messageId, token, observe, format = FORMATS.text }) {
  const accept = uint(format);
  // Accept (17) follows Uri-Path (11) by 6.
  const path = [0x04, ...Buffer.from("3303"), 0x01, 0x30, 0x04, ...Buffer.from("5700"), 0x60 | accept.length];
  // Uri-Path (11) follows Observe (6) by 5, or nothing by 11.
  path[0] |= (observe ? 5 : 11) << 4;
  return Buffer.from([
    (confirmable ? 0x40 : 0x50) | token.length,
    GET,
    messageId >> 8,
    messageId & 255,
    ...token,
    ...(observe ? [0x60] : []),
    ...path,
    ...accept,
  ]);
}

/** Microseconds of the machine's clock that all processes share, as a short number: it comes round each 100 s. */
export const microseconds = () => Number((process.hrtime.bigint() / 1_000n) % 100_000_000n);

/** A Register with little but a name: what the bare endpoints introduce themselves with. */
export function register(endpoint, messageId) {
  const query = (delta, text) =>
    text.length < 13
      ? [(delta << 4) | text.length, ...Buffer.from(text)]
      : [(delta << 4) | 13, text.length - 13, ...Buffer.from(text)];
  return Buffer.from([
    0x40,
    POST,
    messageId >> 8,
    messageId & 255,
    0xb2,
    0x72,
    0x64,
    ...query(4, `ep=${endpoint}`),
    ...query(0, "lt=3600"),
    ...query(0, "lwm2m=1.1"),
    0xff,
    ...Buffer.from("</3/0>,</3303/0>"),
  ]);
}
