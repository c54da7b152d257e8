/** The page and its two streams of events: the whole picture first, then what changes; and what follows a break. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, ask, labUrl, sensorUrl } from "../../src/http/page/api.ts";
import { follow } from "../../src/http/page/live.ts";
import { Store } from "../../src/http/page/store.ts";

/** A stream that the test feeds. */
class FakeEventSource {
  static readonly CLOSED = 2;
  static all: FakeEventSource[] = [];
  readonly path: string;
  readyState = 1;
  onopen: () => void = () => undefined;
  onerror: () => void = () => undefined;
  readonly #listeners = new Map<string, (event: { data: string }) => void>();

  constructor(path: string) {
    this.path = path;
    FakeEventSource.all.push(this);
  }

  addEventListener(name: string, listener: (event: { data: string }) => void): void {
    this.#listeners.set(name, listener);
  }

  tell(name: string, data: unknown): void {
    this.#listeners.get(name)?.({ data: JSON.stringify(data) });
  }

  static of(path: string): FakeEventSource {
    const found = FakeEventSource.all.findLast((source) => source.path === path);
    if (!found) throw new Error(`nobody listens to ${path}`);
    return found;
  }
}

let answers: Record<string, { status: number; body: unknown }>;
const replaced: string[] = [];

beforeEach(() => {
  FakeEventSource.all = [];
  replaced.length = 0;
  answers = { "/lab/clients": { status: 404, body: { error: "no lab" } } };
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", FakeEventSource);
  vi.stubGlobal("location", { replace: (url: string) => replaced.push(url) });
  vi.stubGlobal("fetch", (url: string) => {
    const answer = answers[url];
    if (!answer) return Promise.reject(new TypeError("fetch failed"));
    return Promise.resolve(new Response(JSON.stringify(answer.body), { status: answer.status }));
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const settled = () => vi.advanceTimersByTimeAsync(0);
const sensor = (endpoint: string) => ({ endpoint, label: endpoint, main: [], values: {} });
const client = (endpoint: string) => ({ endpoint, lastSeenAt: "2026-06-01T12:00:00Z", values: {} });

async function following() {
  const store = new Store();
  follow(store);
  const api = FakeEventSource.of("/api/events");
  api.onopen();
  api.tell("status", { summary: "All is well." });
  api.tell("sensors", [sensor("a"), sensor("b")]);
  api.tell("inbox", []);
  await settled();
  return { store, api };
}

describe("following the gateway", () => {
  it("takes the whole picture, then what changes", async () => {
    const { store, api } = await following();
    expect(store.connection).toBe("open");
    api.tell("sensors", [{ ...sensor("a"), label: "Cold room" }, sensor("c")]);
    api.tell("removed", { endpoint: "b" });
    expect([...store.sensors.values()].map(({ label }) => label)).toEqual(["Cold room", "c"]);
  });

  it("drops after a break what is no longer in the picture", async () => {
    const { store, api } = await following();
    api.onerror();
    await settled();
    expect(store.connection).toBe("lost");
    api.onopen();
    api.tell("sensors", [sensor("b")]);
    expect(store.sensors.size, "nothing goes before the picture is whole").toBe(2);
    api.tell("sensors", [sensor("d")]);
    api.tell("inbox", []);
    expect([...store.sensors.keys()]).toEqual(["b", "d"]);
    expect(store.connection).toBe("open");
  });

  it("opens a new stream where the browser gives up", async () => {
    const { api } = await following();
    api.readyState = FakeEventSource.CLOSED;
    api.onerror();
    expect(FakeEventSource.all).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(FakeEventSource.all.map(({ path }) => path)).toEqual(["/api/events", "/api/events"]);
  });

  it("asks for the token where that is what is missing", async () => {
    const { store, api } = await following();
    answers["/api/status"] = { status: 401, body: { error: "this needs the token" } };
    api.onerror();
    await settled();
    expect(store.locked).toBe(true);
  });

  it("goes to the lab's own page where there is no gateway", async () => {
    const { api } = await following();
    answers["/api/status"] = { status: 404, body: { error: "there is no gateway here" } };
    api.onerror();
    await settled();
    expect(replaced).toEqual(["/lab/"]);
  });
});

describe("following the lab", () => {
  it("asks nothing more where there is none", async () => {
    const { store } = await following();
    expect(store.lab).toBeUndefined();
    expect(FakeEventSource.all).toHaveLength(1);
  });

  it("knows clients, their values and their farewells", async () => {
    answers["/lab/clients"] = { status: 200, body: [client("a")] };
    const { store } = await following();
    const lab = FakeEventSource.of("/lab/events");
    lab.onopen();
    await settled();
    lab.tell("client", client("b"));
    lab.tell("value", { endpoint: "a", values: { "/3303/0/5700": { value: 21, name: "Temperature", time: "" } } });
    lab.tell("gone", { endpoint: "b", reason: "expired" });
    expect([...(store.lab?.keys() ?? [])]).toEqual(["a"]);
    expect(store.lab?.get("a")?.values["/3303/0/5700"]?.value).toBe(21);
  });
});

describe("asking", () => {
  it("tells errors in the server's words, with the code of CoAP where there is one", async () => {
    answers["/a"] = { status: 405, body: { code: "4.05", error: "Method Not Allowed" } };
    answers["/b"] = { status: 409, body: { error: "taken", next: "choose another" } };
    answers["/c"] = { status: 500, body: "rubbish" };
    answers["/d"] = { status: 504, body: { code: "timeout", error: "no answer in 15 s" } };
    const words = async (path: string) => {
      const error: unknown = await ask("anything", { method: "GET", path }).catch((reason: unknown) => reason);
      return error instanceof ApiError ? `${error.status} ${error.message}` : String(error);
    };
    expect(await words("/a")).toBe("405 4.05 Method Not Allowed");
    expect(await words("/b")).toBe("409 taken: choose another");
    expect(await words("/c")).toBe("500 HTTP 500");
    expect(await words("/d")).toBe("504 no answer in 15 s");
    expect(await words("/nowhere")).toContain("fetch failed");
  });

  it("writes endpoints into addresses so that nothing in them is taken for a path", () => {
    expect(sensorUrl("urn:dev:a/b")).toBe("/api/sensors/urn%3Adev%3Aa%2Fb");
    expect(labUrl("a/b?c", "/3303/0")).toBe("/lab/clients/a%2Fb%3Fc/3303/0");
  });
});
