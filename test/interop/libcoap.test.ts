/** libcoap's client against our CoAP endpoint: two implementations that never met. */

import { createSocket } from "node:dgram";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { SystemClock } from "../../src/base/system-clock.ts";
import { Code, CoapError, Endpoint, type IncomingRequest, type Observation, type Reply } from "../../src/coap/index.ts";
import { udp } from "../../src/io/udp.ts";
import { eventually, output, program, Running } from "./support/programs.ts";

const LONG = Array.from({ length: 500 }, (_, i) => `line ${i} of a body that no datagram carries`).join("\n");
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const content = (body: string): Reply => ({ code: Code.Content, format: 0, payload: Buffer.from(body) });

/** What libcoap finds here. */
class Resources {
  observation: Observation | undefined;
  ended: string | undefined;
  stored = "";
  reading = 20;

  handle(request: IncomingRequest): Reply {
    switch (`${request.code} ${request.path.join("/")}`) {
      case `${Code.GET} temperature`:
        return this.#temperature(request);
      case `${Code.GET} long`:
        return content(LONG);
      case `${Code.GET} query`:
        return content(request.query.join("&"));
      case `${Code.PUT} store`:
        this.stored = text(request.payload);
        return { code: Code.Changed };
      case `${Code.POST} store`:
        this.stored += text(request.payload);
        return { code: Code.Created, locationPath: ["store", "1"] };
      case `${Code.DELETE} store`:
        this.stored = "";
        return { code: Code.Deleted };
      case `${Code.FETCH} echo`:
      case `${Code.iPATCH} echo`:
        return { code: Code.Content, format: 0, payload: request.payload };
      default:
        throw new CoapError(Code.NotFound, "no such thing here");
    }
  }

  #temperature({ observe }: IncomingRequest): Reply {
    const reply = content(`${this.reading}.5`);
    if (observe !== "register") return reply;
    return {
      ...reply,
      observer: {
        started: (observation) => (this.observation = observation),
        ended: (why) => (this.ended = why),
      },
    };
  }

  change(confirmable: boolean): void {
    this.reading += 1;
    this.observation?.notify(content(`${this.reading}.5`), { confirmable });
  }
}

/** A port that is free now: libcoap shall speak from it, as our transport has one peer. */
async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

let resources: Resources;
let endpoint: Endpoint;
let here: number;
let there: number;
let folder: string;

beforeEach(async () => {
  resources = new Resources();
  there = await freePort();
  const transport = udp({ host: "127.0.0.1", port: there, onBound: (port) => (here = port) });
  endpoint = new Endpoint({ transport, clock: new SystemClock(), random: systemRandom, log: silentLog });
  endpoint.onRequest((request) => resources.handle(request));
  await endpoint.open(new AbortController().signal);
  folder = await mkdtemp(join(tmpdir(), "isthmus-libcoap-"));
});

afterEach(async () => {
  await endpoint.close();
  await rm(folder, { recursive: true, force: true });
});

const args = (path: string, more: readonly string[]) => [
  "-p",
  String(there),
  ...more,
  `coap://127.0.0.1:${here}/${path}`,
];

/** What coap-client prints for one request; it waits for an answer at most five seconds. */
async function ask(path: string, ...more: string[]): Promise<string> {
  const { text: said } = await output(program("coap-client-notls"), args(path, ["-B", "5", ...more]));
  return said;
}

describe("coap-client asks", () => {
  it("GET and is answered with the content", async () => {
    expect(await ask("temperature")).toContain("20.5");
  });

  it("GET without confirmation", async () => {
    expect(await ask("temperature", "-N")).toContain("20.5");
  });

  it("GET with a query, escaped or not", async () => {
    expect(await ask("query?pmin=1&name=a%20b")).toContain("pmin=1&name=a b");
  });

  it("for what is not there and reads why", async () => {
    expect(await ask("nowhere")).toContain("4.04 no such thing here");
  });

  it("PUT, POST and DELETE", async () => {
    await ask("store", "-m", "put", "-e", "one");
    expect(resources.stored).toBe("one");
    await ask("store", "-m", "post", "-e", "two");
    expect(resources.stored).toBe("onetwo");
    await ask("store", "-m", "delete");
    expect(resources.stored).toBe("");
  });

  it("FETCH and iPATCH (RFC 8132)", async () => {
    expect(await ask("echo", "-m", "fetch", "-t", "0", "-e", "which")).toContain("which");
    expect(await ask("echo", "-m", "ipatch", "-t", "0", "-e", "what")).toContain("what");
  });

  it("with a critical option that we do not know, and is told so (RFC 7252 §5.4.1)", async () => {
    expect(await ask("temperature", "-O", "9999,x")).toContain("4.02");
  });

  it("with an elective option that we do not know, and is answered", async () => {
    expect(await ask("temperature", "-O", "9998,x")).toContain("20.5");
  });

  it("with datagrams lost on the way, and repeats them", async () => {
    expect(await ask("temperature", "-l", "1")).toContain("20.5");
  });
});

describe("long bodies in blocks (RFC 7959)", () => {
  it.each(["1024", "256", "64"])("come whole in blocks of %s bytes", async (size) => {
    const file = join(folder, "got");
    await ask("long", "-b", size, "-o", file);
    expect(await readFile(file, "utf8")).toBe(LONG);
  });

  it("come whole when libcoap asks for no size at all", async () => {
    const file = join(folder, "got");
    await ask("long", "-o", file);
    expect(await readFile(file, "utf8")).toBe(LONG);
  });

  it.each(["1024", "128"])("go whole in blocks of %s bytes", async (size) => {
    const file = join(folder, "put");
    await writeFile(file, LONG);
    await ask("store", "-m", "put", "-b", size, "-f", file);
    expect(resources.stored).toBe(LONG);
  });

  it("go whole although every fifth datagram is lost", async () => {
    const file = join(folder, "put");
    await writeFile(file, LONG.slice(0, 3_000));
    await ask("store", "-m", "put", "-b", "512", "-l", "2,5", "-f", file, "-B", "20");
    expect(resources.stored).toBe(LONG.slice(0, 3_000));
  });
});

describe("Observe (RFC 7641)", () => {
  it.each([
    ["confirmable", true],
    ["non-confirmable", false],
  ])("delivers every %s notification in order", async (_, confirmable) => {
    const client = new Running(program("coap-client-notls"), args("temperature", ["-w", "-s", "20", "-B", "25"]));
    try {
      await client.said(/20\.5/);
      for (let expected = 21; expected <= 25; expected++) {
        resources.change(confirmable);
        await client.said(new RegExp(`${expected}\\.5`));
      }
      expect(client.output.match(/\d+\.5/g)).toEqual(["20.5", "21.5", "22.5", "23.5", "24.5", "25.5"]);
    } finally {
      await client.end("SIGKILL");
    }
  });

  it("ends when libcoap cancels it", async () => {
    const client = new Running(program("coap-client-notls"), args("temperature", ["-w", "-s", "1", "-B", "10"]));
    await client.said(/20\.5/);
    await client.ended;
    expect(await eventually("the end", () => resources.ended)).toBe("deregistered");
    expect(endpoint.observations).toBe(0);
  });

  it("is announced as long bodies too", async () => {
    const big = "x".repeat(3_000);
    const client = new Running(program("coap-client-notls"), args("temperature", ["-w", "-s", "20", "-B", "25"]));
    try {
      await client.said(/20\.5/);
      resources.observation?.notify(content(big), { confirmable: true });
      await client.said(/x{3000}/);
    } finally {
      await client.end("SIGKILL");
    }
  });
});

describe("a ping", () => {
  it("is answered (RFC 7252 §4.3): libcoap keeps the session while nobody speaks", async () => {
    const client = new Running(
      program("coap-client-notls"),
      args("temperature", ["-w", "-s", "6", "-K", "1", "-B", "10", "-v", "7"]),
    );
    try {
      await client.said(/20\.5/);
      await client.said(/c:0\.00|0\.00/, 8_000);
      await client.said(/RST/, 8_000);
      resources.change(true);
      await client.said(/21\.5/);
    } finally {
      await client.end("SIGKILL");
    }
  });
});
