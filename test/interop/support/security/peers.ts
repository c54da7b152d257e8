/** Servers of other people's making that speak DTLS or TLS, each a process on a port of its own. */

import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";
import { systemRandom } from "../../../../src/base/random.ts";
import { silentLog } from "../../../../src/base/log.ts";
import { SystemClock } from "../../../../src/base/system-clock.ts";
import type { Transport } from "../../../../src/base/transport.ts";
import { Code, Endpoint, type Parameters } from "../../../../src/coap/index.ts";
import { eventually, program, Running } from "../programs.ts";
import { type Identities, KEY, type Mode } from "./accounts.ts";

export interface Peer {
  /** As the table of docs/conformance.md has it. */
  readonly name: string;
  readonly port: number;
  readonly running: Running;
  /** Something there and something back, over a way that is open. @throws Error if either does not arrive. */
  talk(line: Transport): Promise<void>;
}

const SAID = "what the sensor says\n";
const ANSWER = "an answer\n";

/** `openssl s_server`. One client at a time; OpenSSL's names of suites. */
export async function opensslServer(ids: Identities, mode: Mode, cipher: string, ...more: string[]): Promise<Peer> {
  const port = await freePort();
  const proof =
    mode === "PSK"
      ? ["-nocert", "-psk_identity", "sensor", "-psk", KEY.toString("hex")]
      : [
          "-cert",
          ids.file("server.pem"),
          "-key",
          ids.file("server.key"),
          "-CAfile",
          ids.file("ca.pem"),
          "-Verify",
          "1",
        ];
  const args = ["s_server", "-dtls1_2", "-accept", `127.0.0.1:${port}`, ...proof];
  // A refused certificate shall end the handshake, which it does not by itself.
  if (mode !== "PSK") args.push("-verify_return_error");
  const running = new Running(program("openssl"), [...args, "-cipher", `${cipher}:@SECLEVEL=0`, ...more]);
  await running.said(/ACCEPT/);
  const talk = async (line: Transport): Promise<void> => {
    const heard = listen(line);
    const before = running.output.length;
    line.send(Buffer.from(SAID));
    await eventually("what was said, at the server", () => running.output.includes(SAID.trim(), before) || undefined);
    running.write(ANSWER);
    await eventually("the answer", () => heard().includes(ANSWER.trim()) || undefined);
  };
  return { name: "OpenSSL s_server", port, running, talk };
}

/** What `gnutls-serv` is to allow beside a cipher, for bare public keys both ways (RFC 7250). */
export const RAW_KEYS = "-CTYPE-ALL:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK";

/** `gnutls-serv`, which sends back what it hears. One client at a time. */
export async function gnutlsServer(ids: Identities, mode: Mode, priority: string): Promise<Peer> {
  const port = await freePort();
  const proofs: Record<Mode, string[]> = {
    PSK: ["--pskpasswd", ids.file("psk.txt")],
    RPK: ["--rawpkkeyfile", ids.file("server.key"), "--rawpkfile", ids.file("server.pub"), "--require-client-cert"],
    "X.509": [
      ...["--x509cafile", ids.file("ca.pem"), "--x509keyfile", ids.file("server.key")],
      ...["--x509certfile", ids.file("server.pem"), "--require-client-cert", "--verify-client-cert"],
    ],
  };
  const full = `NORMAL:-VERS-ALL:+VERS-DTLS1.2:-CIPHER-ALL:${priority}`;
  const args = ["-u", "-p", String(port), "--echo", ...proofs[mode], "--priority", full];
  const running = new Running(program("gnutls-serv"), args);
  await running.said(/listening on IPv4/);
  return { name: "GnuTLS gnutls-serv", port, running, talk: echo };
}

export interface LibcoapOptions {
  /** The library below: there is a program for each. */
  readonly tls: "openssl" | "gnutls";
  readonly mode?: Mode;
  readonly more?: readonly string[];
}

/** libcoap's example server: CoAP on its port, over UDP and TCP, and secured on the next; many clients. */
export async function libcoapServer(ids: Identities, { tls, mode = "PSK", more = [] }: LibcoapOptions): Promise<Peer> {
  const bare = await freePort();
  const proofs: Record<Mode, string[]> = {
    PSK: ["-k", LIBCOAP_KEY.toString(), "-h", "a hint"],
    RPK: ["-M", ids.file("server.rpk")],
    "X.509": ["-c", ids.file("server.pem"), "-j", ids.file("server.key"), "-C", ids.file("ca.pem")],
  };
  const args = ["-A", "127.0.0.1", "-p", String(bare), "-v", "6", ...proofs[mode], ...more];
  const running = new Running(program(`coap-server-${tls}`), args);
  // It says nothing of its own accord; but it listens for TCP there as well, and that can be tried.
  await eventually(`libcoap listens (${running.output})`, () => reachable(bare));
  return { name: tls === "openssl" ? "libcoap (OpenSSL)" : "libcoap (GnuTLS)", port: bare + 1, running, talk: get };
}

/** It takes the argument as it is: 16 letters, not digits of 16 bytes. */
export const LIBCOAP_KEY = Buffer.from("secretkey16bytes");

/** Reads the server's resource `time`. */
async function get(line: Transport): Promise<void> {
  const endpoint = coapOver(line);
  const answer = await endpoint.request({ code: Code.GET, path: ["time"] });
  if (answer.status !== "answered" || answer.response.code !== Code.Content)
    throw new Error(`GET /time: ${JSON.stringify(answer)}`);
}

/** CoAP over a way that is open already, or that it opens. */
export function coapOver(transport: Transport, parameters: Partial<Parameters> = { ackTimeout: 300 }): Endpoint {
  return new Endpoint({ transport, clock: new SystemClock(), random: systemRandom, log: silentLog, parameters });
}

async function echo(line: Transport): Promise<void> {
  const heard = listen(line);
  line.send(Buffer.from(SAID));
  await eventually("the echo", () => heard().includes(SAID.trim()) || undefined);
}

function listen(line: Transport): () => string {
  let heard = "";
  line.onDatagram((datagram) => (heard += Buffer.from(datagram).toString()));
  return () => heard;
}

/** Below those that systems hand out by themselves, so that nobody takes it before the server does. */
const PORTS = { first: 20_000, pairs: 6_000 };
const handed = new Set<number>();

/** A port that is free for UDP and TCP now, as is the next; never the same one twice. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + 2 * Math.floor(Math.random() * PORTS.pairs);
    if (handed.has(port)) continue;
    handed.add(port);
    const taken = await Promise.all([port, port + 1].flatMap((each) => [udpTaken(each), tcpTaken(each)]));
    if (!taken.includes(true)) return port;
  }
}

function udpTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", () => resolve(true));
    socket.bind(port, "127.0.0.1", () => socket.close(() => resolve(false)));
  });
}

function tcpTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(true));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(false)));
  });
}

function reachable(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(undefined));
  });
}
