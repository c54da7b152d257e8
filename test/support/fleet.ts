/** One LwM2M server for all endpoints of a gateway: it remembers who is registered, can be down, and can forget. */

import type { GatewayOptions } from "../../src/gateway/index.ts";
import { FakeServer, type Heard, type Verdict } from "./fake-server.ts";
import type { FakeClock } from "./fake-clock.ts";
import { type VirtualTransport, wire } from "./virtual-network.ts";

interface Registration {
  readonly endpoint: string;
  lifetime: number;
  seenMs: number;
}

export interface Happening {
  readonly ms: number;
  readonly endpoint: string;
  readonly what: "register" | "update" | "deregister";
}

/** How long a client has to be silent to be forgotten is the server's own affair: it goes by the lifetime alone. */
export class Fleet {
  readonly #clock: FakeClock;
  /** By location. */
  readonly registrations = new Map<string, Registration>();
  /** The newest connection of each endpoint. */
  readonly servers = new Map<string, FakeServer>();
  readonly near = new Map<string, VirtualTransport>();
  /** Ports asked for and given, by endpoint. */
  readonly ports: { endpoint: string; uri: string; asked: number | undefined }[] = [];
  /** Every request that got through while the server was up, retransmissions among them. */
  readonly happened: Happening[] = [];
  /** Registrations that ran out, with the seconds by which their client was late. */
  readonly expired: { endpoint: string; lateMs: number }[] = [];
  up = true;
  #locations = 0;
  #port = 50_000;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  readonly connect: GatewayOptions["connect"] = ({ uri }, { endpoint, port, onBound }) => {
    const { near, far } = wire();
    const server = new FakeServer(far);
    server.verdict = (request) => this.#decide(endpoint, request);
    this.servers.set(endpoint, server);
    this.near.set(endpoint, near);
    this.ports.push({ endpoint, uri, asked: port });
    onBound(port ?? this.#port++);
    return near;
  };

  server(endpoint: string): FakeServer {
    const server = this.servers.get(endpoint);
    if (!server) throw new Error(`${endpoint} never connected`);
    return server;
  }

  /** The process ends and starts again: it knows nobody. */
  restart(): void {
    this.registrations.clear();
  }

  /** Endpoints that count as registered now. */
  get registered(): string[] {
    const now = this.#clock.monotonic();
    const alive = [...this.registrations.values()].filter(({ seenMs, lifetime }) => now <= seenMs + lifetime * 1_000);
    return alive.map(({ endpoint }) => endpoint).sort();
  }

  /** How often something happened to an endpoint. */
  count(what: Happening["what"], endpoint?: string): number {
    return this.happened.filter((each) => each.what === what && (endpoint ?? each.endpoint) === each.endpoint).length;
  }

  /** The most happenings within any stretch of this length. */
  busiest(what: Happening["what"], ms: number, sinceMs = 0): number {
    const times = this.happened.filter((each) => each.what === what && each.ms >= sinceMs).map((each) => each.ms);
    return Math.max(0, ...times.map((start) => times.filter((each) => each >= start && each < start + ms).length));
  }

  #decide(endpoint: string, { message, path, query }: Heard): Verdict {
    if (!this.up) return undefined;
    const ms = this.#clock.monotonic();
    const lifetime = query.find((each) => each.startsWith("lt="))?.slice(3);
    if (path === "/rd") {
      this.happened.push({ ms, endpoint, what: "register" });
      const location = ["rd", `x${++this.#locations}`];
      for (const [at, other] of this.registrations) if (other.endpoint === endpoint) this.registrations.delete(at);
      this.registrations.set(`/${location.join("/")}`, { endpoint, lifetime: Number(lifetime), seenMs: ms });
      return { code: 0x41, location };
    }
    const what = message.code === 4 ? "deregister" : "update";
    this.happened.push({ ms, endpoint, what });
    const registration = this.registrations.get(path);
    if (!registration) return { code: 0x84 };
    const lateMs = ms - registration.seenMs - registration.lifetime * 1_000;
    if (lateMs > 0) this.expired.push({ endpoint, lateMs });
    if (what === "deregister" || lateMs > 0) this.registrations.delete(path);
    if (lateMs > 0) return { code: 0x84 };
    registration.seenMs = ms;
    if (lifetime !== undefined) registration.lifetime = Number(lifetime);
    return { code: what === "deregister" ? 0x42 : 0x44 };
  }
}
