import { describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { path } from "../../src/model/path.ts";
import { settle } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { station } from "../support/station.ts";

const LINKS = "</1>;ver=1.1,</1/0>,</3>;ver=1.1,</3/0>,</3303>;ver=1.1,</3303/0>";

describe("Register", () => {
  it("names version, endpoint and lifetime, and lists the Objects (E3 to E6, E11, E12)", async () => {
    const { client, server } = station();
    client.start();
    await settle();
    expect(server.log).toEqual(["POST /rd?lwm2m=1.1&ep=urn:dev:mac:cbb8334c884f&lt=300"]);
    expect(server.requests[0]).toMatchObject({ type: "CON", format: 40, text: LINKS });
  });

  it("is this datagram, byte for byte", async () => {
    const { client, wires } = station();
    client.start();
    await settle();
    const datagram = toHex(wires[0]!.near.sent[0]!);
    // CON POST with a token; Uri-Path "rd"; Content-Format 40; Uri-Query lwm2m, ep, lt; links (RFC 7252 §3).
    const options =
      "b27264" + // option 11, 2 bytes
      "1128" + // option 12, 1 byte: 40
      "39" +
      Buffer.from("lwm2m=1.1").toString("hex") + // option 15, 9 bytes
      "0d0e" +
      Buffer.from("ep=urn:dev:mac:cbb8334c884f").toString("hex") + // 13 + 14 bytes
      "06" +
      Buffer.from("lt=300").toString("hex");
    expect(datagram).toMatch(/^4[0-8]02/);
    expect(datagram.slice(8 + 2 * Number.parseInt(datagram[1]!, 16))).toBe(
      `${options}ff${Buffer.from(LINKS).toString("hex")}`,
    );
  });

  it("lists Objects in ascending order, and none that are not the server's business (E59)", async () => {
    const { client, server } = station({
      fill: (tree) => {
        for (const id of [3441, 3303, 10, 6, 3, 1, 0, 21]) tree.addInstance(path(id, 0));
        tree.addInstance(path(3303, 2));
        tree.addInstance(path(3303, 11));
      },
    });
    client.start();
    await settle();
    const links = server.requests[0]!.text.split(",").map((link) => link.replace(/;.*/, ""));
    expect(links.filter((link) => link.includes("/", 2))).toEqual([
      "</1/0>",
      "</3/0>",
      "</6/0>",
      "</10/0>",
      "</3303/0>",
      "</3303/2>",
      "</3303/11>",
      "</3441/0>",
    ]);
  });

  it("writes versions unquoted, and only of Objects newer than 1.0 (E12, E48)", async () => {
    const { client, server } = station({ fill: (tree) => tree.addInstance(path(6, 0)) });
    client.start();
    await settle();
    expect(server.requests[0]!.text).toBe("</1>;ver=1.1,</1/0>,</3>;ver=1.1,</3/0>,</6/0>");
  });

  it("keeps the location however many segments it has, and replays it (E25)", async () => {
    const { client, server, clock } = station();
    server.verdict = (request) =>
      request.path === "/rd" ? { code: 0x41, location: ["rd", "deep", "wP8n92Cnaa"] } : { code: 0x44 };
    client.start();
    await clock.advance(210_000);
    expect(client.registration.location).toBe("/rd/deep/wP8n92Cnaa");
    expect(server.log.at(-1)).toBe("POST /rd/deep/wP8n92Cnaa");
  });

  it("is tried as 1.0 where the server refuses 1.1 with 4.12 or with 4.00 (E2)", async () => {
    for (const code of [0x8c, 0x80]) {
      const { client, server } = station();
      server.verdict = (request) =>
        request.query.includes("lwm2m=1.0") ? { code: 0x41, location: ["rd", "1"] } : { code };
      client.start();
      await settle();
      expect(server.log).toHaveLength(2);
      expect(server.requests[1]!.text).toBe("</1/0>,</3/0>,</3303>;ver=1.1,</3303/0>");
      expect(client.registration.state).toBe("registered");
    }
  });

  it("says in words why it was refused, and when it will try again", async () => {
    const { client, server, clock } = station();
    server.verdict = () => ({ code: 0x83, text: "unknown endpoint" });
    client.start();
    await settle();
    const { state, lastError, nextAttemptAt, lastAnswerAt } = client.registration;
    expect(state).toBe("waiting");
    expect(lastError).toBe("4.03 Forbidden: unknown endpoint");
    expect(nextAttemptAt! - clock.now().ms).toBeGreaterThanOrEqual(1_000);
    expect(nextAttemptAt! - clock.now().ms).toBeLessThanOrEqual(2_000);
    expect(lastAnswerAt).toBe(clock.now().ms);
  });

  it("waits longer after each failure, up to five minutes", async () => {
    const { client, server, clock } = station();
    const times: number[] = [];
    server.verdict = () => {
      times.push(clock.monotonic());
      return { code: 0x83 };
    };
    client.start();
    await clock.advance(3_600_000);
    const waits = times.slice(1).map((time, i) => time - times[i]!);
    for (const [i, wait] of waits.entries()) {
      const nominal = Math.min(300_000, 2_000 * 2 ** i);
      expect(wait).toBeGreaterThanOrEqual(nominal / 2);
      expect(wait).toBeLessThanOrEqual(nominal + 8);
    }
    expect(waits.length).toBeGreaterThan(15);
  });

  it("is tried over a fresh association after silence", async () => {
    const { client, server, clock, wires } = station();
    server.verdict = () => undefined;
    client.start();
    while (client.registration.state !== "waiting") await clock.advance(500);
    // Five times the first wait doubled, each begun with 2 to 3 s (RFC 7252 §4.2).
    expect(client.registration.lastError).toMatch(/^no answer in (6[2-9]|[78]\d|9[0-3]) s$/);
    expect(wires[0]!.near.renewed).toBe(0);
    server.verdict = (request) => server.grant(request);
    await clock.advance(3_000);
    expect(wires[0]!.near.renewed).toBe(1);
    expect(client.registration.state).toBe("registered");
    expect(client.registration.lastError).toBeUndefined();
  });

  it("is repeated byte for byte when its answer is lost (E24)", async () => {
    const { client, clock, wires, server } = station();
    server.verdict = () => undefined;
    client.start();
    await clock.advance(20_000);
    const [first, ...others] = wires[0]!.near.sent;
    expect(others.length).toBeGreaterThanOrEqual(2);
    for (const other of others) expect(toHex(other)).toBe(toHex(first!));
  });

  it("is tried again when there is no way to the server yet", async () => {
    const { client, server, clock, wires } = station();
    wires[0]!.near.refuse = "getaddrinfo ENOTFOUND server";
    client.start();
    await clock.advance(100);
    expect(client.registration).toMatchObject({ state: "waiting", lastError: "getaddrinfo ENOTFOUND server" });
    wires[0]!.near.refuse = undefined;
    await clock.advance(3_000);
    expect(client.registration.state).toBe("registered");
    expect(server.log).toHaveLength(1);
  });

  it("does not stop at requests that arrive before its answer (E26)", async () => {
    const { client, server } = station();
    let early: Uint8Array | undefined;
    server.verdict = (request) => {
      early = server.send("GET", { path: "/3303/0/5700", observe: 0 });
      return server.grant(request);
    };
    client.start();
    await settle();
    expect(server.answers(early!)[0]).toMatchObject({ code: "2.05", text: "22.0" });
    expect(server.answers(early!)[0]?.observe).toBeTypeOf("number");
    expect(client.registration).toMatchObject({ state: "registered", observations: 1 });
  });

  it("logs a trouble once, until it is another one or none", async () => {
    const log = new MemoryLog();
    const { client, server, clock } = station({ log });
    const warnings = () => log.lines.filter(({ level }) => level === "warn").map(({ fields }) => fields["error"]);
    server.verdict = () => ({ code: 0x83, text: "who?" });
    client.start();
    await clock.advance(3_600_000);
    expect(warnings()).toEqual(["4.03 Forbidden: who?"]);
    server.verdict = () => undefined;
    await clock.advance(3_600_000);
    expect(warnings().slice(1)).toEqual([expect.stringMatching(/^no answer in/)]);
    server.verdict = (request) => server.grant(request);
    await clock.advance(400_000);
    expect(client.registration.state).toBe("registered");
    server.verdict = () => ({ code: 0x83 });
    await clock.advance(3_600_000);
    expect(warnings()).toHaveLength(3);
    expect(log.lines.find(({ event }) => event === "registered")?.fields).toMatchObject({ location: "/rd/r1" });
    for (const { fields } of log.lines) expect(fields["endpoint"]).toBe("urn:dev:mac:cbb8334c884f");
  });

  it("supplies what a Device must have and the tree lacks, and leaves alone what is there", async () => {
    const plain = await station({ fill: () => undefined }).registered();
    expect(plain.tree.get(path(3, 0, 11, 0))?.value).toBe(0);
    expect(plain.tree.get(path(3, 0, 16))?.value).toBe("U");
    const own = await station({
      fill: (tree, clock) => {
        tree.addInstance(path(3, 0));
        tree.set(path(3, 0, 11, 0), 8, clock.now());
        tree.set(path(3, 0, 16), "UQ", clock.now());
      },
    }).registered();
    expect(own.tree.get(path(3, 0, 11, 0))?.value).toBe(8);
    expect(own.tree.get(path(3, 0, 16))?.value).toBe("UQ");
  });

  it("tells listeners of each state on the way", async () => {
    const { client, clock } = station();
    const states: string[] = [];
    const stop = client.onRegistration(({ state }) => states.push(state));
    client.start();
    client.start();
    await clock.advance(210_000);
    await client.stop();
    stop();
    expect(states).toEqual(["registering", "registered", "updating", "registered", "off"]);
  });

  it("shows since when, and where", async () => {
    const { client, clock } = station();
    expect(client.registration).toEqual({
      state: "off",
      shortServerId: 123,
      server: "coap://server:5683",
      lifetime: 300,
      observations: 0,
    });
    client.start();
    await settle();
    const since = clock.now().ms;
    await clock.advance(500_000);
    expect(client.registration).toMatchObject({ state: "registered", since, location: "/rd/r1" });
  });
});
