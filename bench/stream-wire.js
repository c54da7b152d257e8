/** The measuring peer's end of CoAP over TCP (RFC 8323): frames to datagrams and back, and no more. */

import { createServer } from "node:net";
import { isAcknowledgement } from "./wire.js";

const PING = 0xe2;
const PONG = 0xe3;
const CLASS_OF_SIGNALS = 7;
/** CSM: Max-Message-Size 16,384. */
const SETTINGS = Buffer.from([0x30, 0xe1, 0x22, 0x40, 0x00]);
/** Confirmable where it asks, so that it is answered; the id of a datagram does not travel. */
const LEAD = { request: 0x40, other: 0x50 };

/** Listens on a free port; `heard(datagram, port)` for each message. Gives the port and `tell(datagram, port)`. */
export function listenOnTcp(heard) {
  const sockets = new Map();
  const server = createServer({ noDelay: true }, (socket) => {
    const port = socket.remotePort;
    sockets.set(port, socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(port));
    socket.write(SETTINGS);
    let rest = Buffer.alloc(0);
    socket.on("data", (bytes) => {
      rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      let at = 0;
      for (let end = endOf(rest, at); end !== undefined && end <= rest.length; end = endOf(rest, at)) {
        onFrame(rest.subarray(at, end), socket, (datagram) => heard(datagram, port));
        at = end;
      }
      rest = rest.subarray(at);
    });
  });
  const tell = (datagram, port) => {
    if (!isAcknowledgement(datagram)) sockets.get(port)?.write(frameOf(datagram));
  };
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve({ port: server.address().port, tell }));
  });
}

/** Lengths of up to 268 bytes: nothing longer is said here. */
function endOf(bytes, at) {
  if (bytes.length - at < 2) return undefined;
  const nibble = bytes[at] >> 4;
  return at + 2 + (bytes[at] & 15) + (nibble < 13 ? nibble : 1 + 13 + bytes[at + 1]);
}

function onFrame(frame, socket, heard) {
  const codeAt = frame[0] >> 4 < 13 ? 1 : 2;
  const code = frame[codeAt];
  if (code >> 5 === CLASS_OF_SIGNALS) {
    const tokenLength = frame[0] & 15;
    if (code !== PING) return;
    socket.write(Buffer.concat([Buffer.from([tokenLength, PONG]), frame.subarray(2, 2 + tokenLength)]));
    return;
  }
  const lead = code < 0x20 ? LEAD.request : LEAD.other;
  heard(Buffer.concat([Buffer.from([lead | (frame[0] & 15), code, 0, 0]), frame.subarray(codeAt + 1)]));
}

function frameOf(datagram) {
  const tokenLength = datagram[0] & 15;
  const length = datagram.length - 4 - tokenLength;
  const head = length < 13 ? [(length << 4) | tokenLength] : [0xd0 | tokenLength, length - 13];
  return Buffer.concat([Buffer.from([...head, datagram[1]]), datagram.subarray(4)]);
}
