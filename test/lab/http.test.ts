/** The lab's HTTP API, as the page and the shell use it. */

import { request } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codecOf, Format } from "../../src/content/index.ts";
import { path } from "../../src/model/path.ts";
import type { CoapSensor } from "../support/coap-sensor.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { LabBench } from "../support/lab-bench.ts";

let bench: LabBench;
let sensor: CoapSensor;
const clock = new FakeClock();

beforeEach(async () => {
  bench = await new LabBench({ watch: false, clock }).start();
  await bench.serve();
  sensor = await bench.sensor();
  await sensor.register("ep=urn:dev:a/b&lwm2m=1.1&lt=300", "</3303/0>,</3306/0>");
  sensor.answers.set("/3303/0", { format: 112, payload: temperature(21.5) });
  sensor.answers.set("/3306/0/5850", { code: "2.04" });
  sensor.answers.set("/3303/0/5605", { code: "2.04" });
});
afterEach(() => bench.stop());

const CLIENT = `/lab/clients/${encodeURIComponent("urn:dev:a/b")}`;
const temperature = (value: number) =>
  codecOf(Format.SenmlCbor)!.encode([{ path: path(3303, 0, 5700), type: "float", value }], path(3303, 0));

async function call(method: string, url: string, body?: string, headers: Record<string, string> = {}) {
  const response = await fetch(bench.url + url, { method, headers, ...(body !== undefined && { body }) });
  const text = await response.text();
  const json: unknown = text.startsWith("<") ? text : JSON.parse(text);
  return { status: response.status, json };
}

/** `fetch` forbids to set Host and Origin freely. */
function foreignPost(url: string, origin: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(bench.url + url, { method: "POST", headers: { origin } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on("error", reject).end();
  });
}

describe("the lab over HTTP", () => {
  it("lists clients, and shows one", async () => {
    const list = await call("GET", "/lab/clients");
    expect(list).toMatchObject({ status: 200, json: [{ endpoint: "urn:dev:a/b", objects: ["/3303/0", "/3306/0"] }] });
    expect((await call("GET", CLIENT)).json).toMatchObject({ endpoint: "urn:dev:a/b", lifetime: 300 });
    expect(await call("GET", "/lab/clients/nobody")).toEqual({
      status: 404,
      json: { error: "nobody is not registered" },
    });
  });

  it("reads, in the format that is asked for", async () => {
    expect(await call("GET", `${CLIENT}/3303/0`)).toMatchObject({
      status: 200,
      json: { code: "2.05", values: { "/3303/0/5700": { value: 21.5, name: "Temperature" } } },
    });
    sensor.answers.set("/3303/0/5700", { format: 0, payload: "21.5" });
    expect(await call("GET", `${CLIENT}/3303/0/5700?format=0`)).toMatchObject({ status: 200 });
    expect(sensor.seen.at(-1)?.headers.Accept).toBe("text/plain");
  });

  it("writes, executes and discovers", async () => {
    expect(await call("PUT", `${CLIENT}/3306/0/5850`, '{"value":true}')).toEqual({
      status: 200,
      json: { code: "2.04" },
    });
    expect(await call("POST", `${CLIENT}/3303/0/5605`, "0='x'")).toEqual({ status: 200, json: { code: "2.04" } });
    sensor.answers.set("/3303", { format: 40, payload: "</3303>,</3303/0>" });
    expect(await call("GET", `${CLIENT}/3303?discover`)).toMatchObject({
      json: { code: "2.05", links: [{ target: "/3303" }, { target: "/3303/0" }] },
    });
    expect(sensor.seen.map(({ method, payload }) => `${method} ${payload.toString()}`)).toEqual([
      "PUT 1",
      "POST 0='x'",
      "GET ",
    ]);
  });

  it("observes and cancels", async () => {
    expect(await call("POST", `${CLIENT}/3303/0/observe`)).toMatchObject({ status: 200, json: { code: "2.05" } });
    expect((await call("GET", CLIENT)).json).toMatchObject({ observations: ["/3303/0"] });
    expect(await call("DELETE", `${CLIENT}/3303/0/observe`)).toMatchObject({ status: 200, json: { code: "2.05" } });
    expect(await call("DELETE", `${CLIENT}/3303/0/observe`)).toMatchObject({ status: 404 });
  });

  it("says errors of the client with the same HTTP status", async () => {
    sensor.answers.set("/3306/0/5850", { code: "4.05" });
    expect(await call("PUT", `${CLIENT}/3306/0/5850`, '{"value":true}')).toEqual({
      status: 405,
      json: { code: "4.05", error: "Method Not Allowed" },
    });
    expect((await call("GET", `${CLIENT}/3303/9`)).status).toBe(404);
    sensor.answers.set("/3303/0/5605", { code: "5.04", payload: "the device did not confirm" });
    expect((await call("POST", `${CLIENT}/3303/0/5605`)).json).toMatchObject({
      error: "Gateway Timeout: the device did not confirm",
    });
  });

  it("deletes an Instance, and says what the client answers", async () => {
    sensor.answers.set("/3306/0", { code: "2.02" });
    expect(await call("DELETE", `${CLIENT}/3306/0`)).toEqual({ status: 200, json: { code: "2.02" } });
    expect(sensor.seen.at(-1)).toMatchObject({ method: "DELETE" });
    sensor.answers.set("/3303/0", { code: "4.05" });
    expect(await call("DELETE", `${CLIENT}/3303/0`)).toMatchObject({ status: 405, json: { code: "4.05" } });
    expect(await call("DELETE", `${CLIENT}/3303/0/5700`)).toMatchObject({ status: 400, json: { code: "refused" } });
  });

  it("says 504 when no answer comes", async () => {
    sensor.answers.set("/3303/0", "silent");
    const answer = call("GET", `${CLIENT}/3303/0`);
    await sensor.received(1);
    clock.tick(15_000);
    expect(await answer).toEqual({ status: 504, json: { code: "timeout", error: "no answer in 15 s" } });
  });

  it.each([
    ["GET", "/lab/nothing", undefined, 404],
    ["DELETE", "/lab/clients", undefined, 405],
    ["GET", `${CLIENT}/3303/x`, undefined, 404],
    ["GET", `${CLIENT}/99999`, undefined, 404],
    ["GET", `${CLIENT}/3303/0?format=cbor`, undefined, 400],
    ["PUT", `${CLIENT}/3306/0/5850`, "true", 400],
    ["PUT", `${CLIENT}/3306/0/5850`, '{"value":{}}', 400],
    ["PUT", `${CLIENT}/3306/0/5850`, '{"value":"maybe"}', 400],
    ["PUT", `${CLIENT}/3306/0/5850`, "x".repeat(70_000), 413],
    ["PATCH", `${CLIENT}/3306/0/5850`, undefined, 405],
    ["PUT", `${CLIENT}/3303/0/observe`, undefined, 405],
    ["GET", "/lab/clients/%E0%A4%A/3303", undefined, 400],
  ])("refuses %s %s %s", async (method, url, body, status) => {
    const answer = await call(method, url, body);
    expect(answer.status).toBe(status);
    expect(answer.json).toHaveProperty("error");
    expect(sensor.seen).toEqual([]);
  });

  it("switches nothing for a page of another site", async () => {
    expect(await foreignPost(`${CLIENT}/3303/0/5605`, "https://elsewhere.example")).toBe(403);
    expect(await foreignPost(`${CLIENT}/3303/0/5605`, "null")).toBe(403);
    expect(sensor.seen).toEqual([]);
    expect(await foreignPost(`${CLIENT}/3303/0/5605`, bench.url)).toBe(200);
  });

  it("has a page that needs no script of another origin", async () => {
    const response = await fetch(`${bench.url}/lab/`);
    expect(response.headers.get("content-security-policy")).toBe("default-src 'self'");
    const html = await response.text();
    expect(html).toContain('src="/lab.js"');
    expect(html).not.toMatch(/https?:\/\//);
  });
});

describe("the lab's events", () => {
  async function listen() {
    const stop = new AbortController();
    const response = await fetch(`${bench.url}/lab/events`, { signal: stop.signal });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const until = async (pattern: RegExp): Promise<RegExpExecArray> => {
      for (;;) {
        const match = pattern.exec(text);
        if (match) return match;
        const { value, done } = await reader.read();
        if (done) throw new Error(`ended before ${String(pattern)}: ${text}`);
        text += value;
      }
    };
    return { response, until, stop: () => stop.abort() };
  }

  it("tell of clients, values and farewells", async () => {
    const { response, until, stop } = await listen();
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    await until(/retry/);
    await call("POST", `${CLIENT}/3303/0/observe`);
    sensor.notify("/3303/0", temperature(22.5));
    expect((await until(/event: client\ndata: (.*)\n/))[1]).toContain('"observations":["/3303/0"]');
    expect((await until(/event: value\ndata: (.*22\.5.*)\n/))[1]).toContain(
      '"endpoint":"urn:dev:a/b","values":{"/3303/0/5700"',
    );
    await sensor.request("DELETE", sensor.location);
    expect((await until(/event: gone\ndata: (.*)\n/))[1]).toBe('{"endpoint":"urn:dev:a/b","reason":"deregistered"}');
    stop();
  });

  it("go to a few dozen listeners and no more, and end with the lab", async () => {
    const listeners = await Promise.all(Array.from({ length: 32 }, listen));
    expect((await call("GET", "/lab/events")).status).toBe(503);
    await bench.lab.stop();
    await Promise.all(listeners.map(({ until }) => expect(until(/never/)).rejects.toThrow(/ended/)));
  });
});
