/** TCP to one peer as a ByteStream. */

import { connect } from "node:net";
import type { Log } from "../../base/log.ts";
import { explainUnreachable, type Peer, SocketStream } from "./socket-stream.ts";

export interface TcpOptions extends Peer {
  readonly log?: Log;
}

/** Opening it looks up the name, tries its addresses and connects. */
export const tcp = (options: TcpOptions): SocketStream =>
  new SocketStream(options, {
    ready: "connect",
    connect: ({ host, port }) => connect({ host, port }),
    explain: explainUnreachable,
  });
