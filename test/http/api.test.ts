/** The HTTP API as its users meet it. */

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ruuvi, TAG } from "../gateway/rig.ts";
import { HttpRig, JSON_TYPE } from "./rig.ts";

const ADOPT = `/api/inbox/${encodeURIComponent(`radio/${TAG}`)}/adopt`;
const NAME = "ruuvi-cbb8334c884f";

describe("the API", () => {
  let rig: HttpRig;
  beforeEach(async () => {
    rig = await HttpRig.start();
  });
  afterEach(() => rig.served.close());

  const post = (path: string, body: unknown) =>
    rig.ask(path, { method: "POST", headers: JSON_TYPE, body: JSON.stringify(body) });

  it("shows the status", async () => {
    expect(await rig.json("/api/status")).toMatchObject({ name: "gw", sensors: { total: 1, live: 1 }, inbox: 1 });
  });

  it("shows all sensors, the gateway first, and each alone", async () => {
    expect(await rig.json("/api/sensors")).toMatchObject([{ endpoint: "gw" }, { endpoint: "sim-1" }]);
    expect(await rig.json("/api/sensors/sim-1")).toMatchObject({
      endpoint: "sim-1",
      registration: { state: "registered" },
      values: { "/3303/0/5700": { value: 21.5, unit: "Cel", quality: 4 } },
    });
    expect(await rig.json("/api/sensors/gw")).toMatchObject({ definition: "isthmus.gateway" });
  });

  it("shows the inbox", async () => {
    expect(await rig.json("/api/inbox")).toMatchObject([{ source: `radio/${TAG}`, endpoint: NAME, rssi: -60 }]);
  });

  it("adopts with a click, and with wishes", async () => {
    const answer = await post(ADOPT, { label: "Freezer 2", endpoint: "freezer" });
    expect(answer.status).toBe(201);
    expect(JSON.parse(answer.text)).toMatchObject({ endpoint: "freezer", label: "Freezer 2" });
    expect(await rig.json("/api/inbox")).toEqual([]);
  });

  it("needs no body to adopt, and understands a source that is not encoded", async () => {
    const answer = await rig.ask(`/api/inbox/radio/${TAG}/adopt`, { method: "POST" });
    expect(answer.status).toBe(201);
    expect(await rig.json(`/api/sensors/${NAME}`)).toMatchObject({ liveness: "live" });
  });

  it.each<[unknown, string]>([
    [{ endpoint: "sim-1" }, "409: the endpoint name sim-1 belongs to sim/sim-1"],
    [{ endpoint: "a b" }, '400: "a b" is no endpoint name: 1 to 128 letters, digits or any of . _ : ~ @ + -'],
    [{ definition: "nonsense" }, "400: there is no definition nonsense"],
    [{ labl: "x" }, "400: unknown key labl (known: definition, endpoint, label, key)"],
    [{ label: 5 }, "400: label must be a text, and not too long"],
    [{ label: "x".repeat(300) }, "400: label must be a text, and not too long"],
    [["label"], "400: the body must be a JSON object"],
    [null, "400: the body must be a JSON object"],
  ])("refuses to adopt with %j", async (wish, words) => {
    expect(await rig.refusal(ADOPT, { method: "POST", headers: JSON_TYPE, body: JSON.stringify(wish) })).toContain(
      words,
    );
    expect(await rig.json("/api/inbox")).toHaveLength(1);
  });

  it("leaves a stranger out of the inbox, until it is shown again", async () => {
    const ignored = ADOPT.replace(/adopt$/, "ignored");
    expect((await rig.ask(ignored, { method: "PUT" })).status).toBe(200);
    expect(await rig.json("/api/inbox")).toMatchObject([{ source: `radio/${TAG}`, ignored: true }]);
    expect(await rig.json("/api/status")).toMatchObject({ inbox: 0 });
    expect((await rig.ask(`/api/inbox/radio/${TAG}/ignored`, { method: "DELETE" })).status).toBe(200);
    expect(await rig.json("/api/status")).toMatchObject({ inbox: 1 });
    expect(await rig.refusal("/api/inbox/radio%2Fnobody/ignored", { method: "PUT" })).toBe(
      "404: nothing is heard from radio/nobody",
    );
  });

  it("adopts only what is heard, and only once", async () => {
    expect(await rig.refusal("/api/inbox/radio%2Fnobody/adopt", { method: "POST" })).toBe(
      "404: nothing is heard from radio/nobody",
    );
    await rig.ask(ADOPT, { method: "POST" });
    await rig.gateway.heard(`radio/${TAG}`, ruuvi(300));
    expect(await rig.refusal(ADOPT, { method: "POST" })).toBe(`409: radio/${TAG} is already adopted as ${NAME}`);
  });

  it("renames and removes", async () => {
    const patch = (path: string, body: unknown) => ({
      method: "PATCH",
      headers: JSON_TYPE,
      body: JSON.stringify(body),
      path,
    });
    const { path, ...ask } = patch("/api/sensors/sim-1", { label: " Cellar " });
    expect(await rig.json(path, ask)).toMatchObject({ endpoint: "sim-1", label: "Cellar" });
    expect(await rig.refusal("/api/sensors/sim-1", { ...ask, body: "{}" })).toContain("400: label or key is missing");
    expect((await rig.ask("/api/sensors/sim-1", { method: "DELETE" })).status).toBe(204);
    expect(rig.gateway.told("sim-1").at(-1)).toBe("DELETE /rd/r1");
    expect(await rig.refusal("/api/sensors/sim-1")).toBe("404: no sensor is called sim-1 (see /api/sensors)");
    expect(await rig.refusal("/api/sensors/sim-1", { method: "DELETE" })).toContain("404");
    expect(await rig.refusal("/api/sensors/sim-1", ask)).toContain("404");
    expect(await rig.refusal("/api/sensors/gw", { method: "DELETE" })).toContain("409: the gateway itself");
  });

  it("names what may be done where something may not", async () => {
    const answer = await rig.ask("/api/status", { method: "POST" });
    expect([answer.status, answer.headers.allow]).toEqual([405, "GET"]);
    expect(await rig.refusal("/api/sensors/sim-1", { method: "PUT" })).toBe(
      "405: PUT does nothing here (allowed: GET, PATCH, DELETE)",
    );
    expect(await rig.refusal(ADOPT)).toContain("405");
  });

  it.each([
    "/api/",
    "/api/nothing",
    "/api/status/x",
    "/api/sensors/a/b",
    "/api/inbox/adopt",
    "/api/inbox/x",
    "/api/sensors/",
  ])("knows no %s", async (path) => {
    expect(await rig.refusal(path)).toMatch(/^404: there is no such thing here/);
  });

  it("understands names that must be encoded, and refuses bad encodings", async () => {
    expect(await rig.refusal("/api/sensors/a%20b")).toContain("no sensor is called a b");
    expect(await rig.refusal("/api/sensors/%E0%A4%A")).toBe("400: the address is badly encoded");
  });

  it("takes JSON and nothing else, and not too much of it", async () => {
    const body = JSON.stringify({ label: "x" });
    expect(await rig.refusal(ADOPT, { method: "POST", body })).toBe(
      "415: the body must be JSON (Content-Type: application/json)",
    );
    expect(await rig.refusal(ADOPT, { method: "POST", body, headers: { "content-type": "text/plain" } })).toContain(
      "415",
    );
    expect(await rig.refusal(ADOPT, { method: "POST", body: "{", headers: JSON_TYPE })).toBe(
      "400: the body is no JSON",
    );
    const much = { method: "POST", headers: JSON_TYPE, body: JSON.stringify({ label: "x".repeat(70_000) }) };
    expect(await rig.refusal(ADOPT, much)).toBe("413: a body may have 65536 bytes");
    const chunked = { ...much, headers: { ...JSON_TYPE, "transfer-encoding": "chunked" } };
    expect(await rig.refusal(ADOPT, chunked)).toBe("413: a body may have 65536 bytes");
  });

  it("answers JSON that is not kept by anybody", async () => {
    const { headers } = await rig.ask("/api/status");
    expect(headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(headers["cache-control"]).toBe("no-store");
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  });

  it("says that something went wrong without saying how it is built", async () => {
    rig.gateway.gateway.status = () => {
      throw new Error("secret inner words");
    };
    const answer = await rig.ask("/api/status");
    expect([answer.status, answer.text]).toEqual([500, '{"error":"this went wrong here: see the log"}']);
    expect(rig.log.events("error")).toEqual(["request-failed"]);
  });
});
