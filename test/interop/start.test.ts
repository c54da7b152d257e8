/** What a newcomer does: start it, look, adopt, switch, stop. The compiled program, as a process. */

import { createSocket } from "node:dgram";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Daemon, freeUdpPort, isthmus } from "./support/isthmus.ts";
import { eventually, Running } from "./support/programs.ts";

const path = (endpoint: string) => `/lab/clients/${encodeURIComponent(endpoint)}`;

async function clientsOf(daemon: Pick<Daemon, "get">): Promise<string[]> {
  const clients = await daemon.get("/lab/clients");
  return Array.isArray(clients) ? clients.map((client: { endpoint: string }) => client.endpoint) : [];
}

describe("isthmus run without a configuration", () => {
  let daemon: Daemon;

  beforeAll(async () => {
    daemon = await Daemon.start();
  }, 30_000);
  afterAll(() => daemon.discard());

  it("says in a few good lines what to open and how to stop", () => {
    expect(daemon.running.output).toMatch(/^Isthmus is running a demonstration/);
    expect(daemon.running.output).toMatch(/Open +http:\/\/127\.0\.0\.1:\d+/);
    expect(daemon.running.output).toMatch(/Stop +Ctrl-C/);
    expect(daemon.running.output.split("\n").length).toBeLessThan(12);
  });

  it("has six sensors registered within a minute, all known to the lab", async () => {
    const sensors = await daemon.awaitRegistered(6);
    const clients = await clientsOf(daemon);
    for (const { endpoint } of sensors) expect(clients).toContain(endpoint);
  }, 70_000);

  it("shows live values with unit and time", async () => {
    const sensor = await eventually("a live climate sensor", async () =>
      (await daemon.sensors()).find(({ values, liveness }) => liveness === "live" && values["/3303/0/5700"]),
    );
    const value = sensor.values["/3303/0/5700"];
    expect(value?.unit).toBe("Cel");
    expect(typeof value?.value).toBe("number");
    expect(Math.abs(Date.parse(value?.time ?? "") - Date.now())).toBeLessThan(60_000);
  });

  it("serves the page without a word from outside", async () => {
    const response = await fetch(daemon.url);
    const html = await response.text();
    expect(response.headers.get("content-type")).toContain("text/html");
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  });

  it("holds a stranger in the inbox; adopting it makes it a client", async () => {
    const entry = await eventually("a stranger", async () => (await daemon.inbox())[0]);
    const before = (await daemon.sensors()).length;
    const { status } = await daemon.send("POST", `/api/inbox/${encodeURIComponent(entry.source)}/adopt`, {
      label: "Office",
    });
    expect(status).toBeLessThan(300);
    const sensors = await daemon.awaitRegistered(before + 1);
    const adopted = sensors.find(({ source }) => source === entry.source);
    expect(adopted?.label).toBe("Office");
    expect(adopted?.endpoint).toBe(entry.endpoint);
    expect(await clientsOf(daemon)).toContain(adopted?.endpoint);
    expect((await daemon.inbox()).map(({ source }) => source)).not.toContain(entry.source);
  });

  it("switches the relay when the lab writes, and shows what the relay confirmed", async () => {
    const relay = (await daemon.sensors()).find(({ writable }) => writable.includes("/3306/0/5850"));
    expect(relay).toBeDefined();
    const { endpoint = "" } = relay ?? {};
    for (const value of [true, false]) {
      const { body } = await daemon.send("PUT", `${path(endpoint)}/3306/0/5850`, { value });
      expect(body).toMatchObject({ code: "2.04" });
      const sensor = (await daemon.sensors()).find((each) => each.endpoint === endpoint);
      expect(sensor?.values["/3306/0/5850"]?.value).toBe(value);
    }
  });

  it("lets the lab reset minimum and maximum by Execute", async () => {
    const sensor = (await daemon.sensors()).find(({ executable }) => executable.includes("/3303/0/5605"));
    const { body } = await daemon.send("POST", `${path(sensor?.endpoint ?? "")}/3303/0/5605`);
    expect(body).toMatchObject({ code: "2.04" });
  });

  it("is what `isthmus status` speaks of", async () => {
    const status = isthmus(["status", "--url", daemon.url]);
    expect((await status.ended).code).toBe(0);
    expect(status.output).toMatch(/^ {2}Sensors +\d+ live/m);
    expect(status.output).toMatch(/^ {2}Upstream +coap:\/\/127\.0\.0\.1:\d+, \d+ of \d+ endpoints registered/m);
  });

  it("does not share its state folder: a second one refuses and says why", async () => {
    const second = isthmus(["run", "--state", daemon.state]);
    const { code } = await second.ended;
    expect(code).toBe(1);
    expect(second.output).toMatch(/^isthmus: .*(in use|already|another)/im);
    expect(second.output).toContain(daemon.state);
    expect(second.output).not.toMatch(/^\s+at /m);
  });

  it("survives a hangup, and stops within five seconds of SIGTERM", async () => {
    daemon.running.process.kill("SIGHUP");
    await daemon.get("/api/status");
    const { code, ms } = await daemon.stop();
    expect(daemon.running.output).toContain("Stopped in");
    expect(code).toBe(0);
    expect(ms).toBeLessThan(5_500);
  });
});

describe("isthmus lab and isthmus run side by side", () => {
  let lab: Running | undefined;
  let daemon: Daemon | undefined;
  let labUrl = "";
  let port = 0;

  const config = () => `
gateway: { endpoint: isthmus-test }
server: { uri: "coap://127.0.0.1:${port}", lifetime: 60 }
http: { listen: "127.0.0.1:0" }
adapters:
  sim: { type: simulator, sensors: 6, interval: 1s }
`;
  const labClients = () => clientsOf({ get: async (path) => (await fetch(labUrl + path)).json() });

  beforeAll(async () => {
    port = await freeUdpPort();
    lab = isthmus(["lab", "--port", String(port), "--http", "0"]);
    const [, url = ""] = await lab.said(/Open\s+(http:\S+)/, 20_000);
    labUrl = new URL(url).origin;
    daemon = await Daemon.start({ config: config() });
  }, 60_000);
  afterAll(async () => {
    await daemon?.discard();
    await lab?.end();
  });

  it("the lab knows the gateway and each sensor", async () => {
    const sensors = await daemon?.awaitRegistered(6);
    const clients = await eventually("the gateway's own endpoint", async () => {
      const clients = await labClients();
      return clients.includes("isthmus-test") ? clients : undefined;
    });
    for (const { endpoint } of sensors ?? []) expect(clients).toContain(endpoint);
  }, 70_000);

  it("after SIGTERM all of them have said goodbye", async () => {
    const ended = await daemon?.stop();
    expect(ended?.code).toBe(0);
    expect(ended?.ms).toBeLessThan(5_500);
    expect(await labClients()).toEqual([]);
  });

  it("the lab stops on Ctrl-C", async () => {
    expect((await lab?.end("SIGINT"))?.code).toBe(0);
  });
});

describe("a server that never answers", () => {
  const mute = createSocket("udp4");
  let daemon: Daemon;

  beforeAll(async () => {
    await new Promise<void>((resolve) => mute.bind(0, "127.0.0.1", resolve));
  });
  beforeEach(async () => {
    daemon = await Daemon.start({
      config: `
server: { uri: "coap://127.0.0.1:${mute.address().port}" }
http: { listen: "127.0.0.1:0" }
adapters:
  sim: { type: simulator, sensors: 20, interval: 1s }
`,
    });
  });
  afterEach(() => daemon.discard());
  afterAll(() => void mute.close());

  it("does not keep the daemon from stopping within five seconds", async () => {
    await eventually("twenty sensors", async () => ((await daemon.sensors()).length === 20 ? true : undefined));
    const { code, ms } = await daemon.stop();
    expect(ms).toBeLessThan(6_000);
    expect(code).toBe(0);
  });

  it("shows in the state of each sensor, in words", async () => {
    const sensor = await eventually("a sensor", async () => (await daemon.sensors())[0]);
    expect(sensor.registration.state).not.toBe("registered");
    expect(sensor.values["/3303/0/5700"]?.value).toBeTypeOf("number");
  });
});

describe("wrong beginnings", () => {
  let running: Running;
  afterEach(() => running.end("SIGKILL"));

  it("a configuration that is not there ends with 78", async () => {
    running = isthmus(["run", "--config", "nowhere.yaml"]);
    expect((await running.ended).code).toBe(78);
    expect(running.output).toBe(
      "isthmus: there is no such configuration file\n  where    nowhere.yaml\n  to do    name it: --config FILE\n",
    );
  });

  it("help comes at once: within 200 ms, or little more than Node itself needs to start on a busy machine", async () => {
    const fastest = async (start: () => Running): Promise<number> => {
      const times: number[] = [];
      for (let i = 0; i < 5; i++) {
        const began = performance.now();
        running = start();
        expect((await running.ended).code).toBe(0);
        times.push(performance.now() - began);
      }
      return Math.min(...times);
    };
    const bare = await fastest(() => new Running(process.execPath, ["-e", "0"]));
    expect(await fastest(() => isthmus(["--help"]))).toBeLessThan(Math.max(200, 4 * bare));
  });
});
