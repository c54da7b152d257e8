import { EventEmitter, once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { Aedes } from "aedes";
import { afterEach, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/system-clock.ts";
import { type MqttConnection, type MqttMessage, mqttConnections, type MqttOptions } from "../../src/io/mqtt.ts";
import { connectionError, readPem } from "../../src/io/mqtt-words.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { MemoryLog } from "../support/memory-log.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = ({ body }: MqttMessage) => new TextDecoder().decode(body);

/** A real broker in this process, for MQTT 3.1.1. */
class Broker {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly aedes: Aedes;
  readonly port: number;

  private constructor(aedes: Aedes, server: Server, port: number) {
    this.aedes = aedes;
    this.#server = server;
    this.port = port;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  static async open(port = 0): Promise<Broker> {
    const aedes = await Aedes.createBroker();
    const server = createServer(aedes.handle);
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    return new Broker(aedes, server, typeof address === "object" && address ? address.port : 0);
  }

  publish(topic: string, text: string, retain = false): Promise<void> {
    const packet = { cmd: "publish", qos: 0, dup: false, retain, topic, payload: text } as const;
    return new Promise((resolve, reject) => this.aedes.publish(packet, (error) => (error ? reject(error) : resolve())));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await new Promise<void>((resolve) => this.aedes.close(resolve));
  }
}

const toClose: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of toClose.splice(0).toReversed()) await each.close();
});

async function broker(port?: number): Promise<Broker> {
  const opened = await Broker.open(port);
  toClose.push(opened);
  return opened;
}

function connect(port: number, topics: readonly string[] = ["tele/+/SENSOR"], extra: object = {}): MqttConnection {
  const drivers = { clock: new SystemClock(), random: new SeededRandom(6) };
  const connection = mqttConnections(drivers)({ url: `mqtt://127.0.0.1:${port}`, topics, protocol: 4, ...extra });
  toClose.push(connection);
  return connection;
}

/** Waits, in turns of the event loop, until something is so. */
async function until(so: () => boolean): Promise<void> {
  while (!so()) await new Promise((resolve) => setImmediate(resolve));
}
const well = (connection: MqttConnection) => until(() => connection.health().state === "ok");

describe("a connection to a real broker", () => {
  it("hears what its topics match, wildcards included, and nothing else", async () => {
    const real = await broker();
    const connection = connect(real.port, ["tele/+/SENSOR", "zigbee2mqtt/#"]);
    const heard: string[] = [];
    connection.onMessage((message) => heard.push(`${message.topic} ${textOf(message)} ${message.retained}`));
    await well(connection);
    for (const topic of ["tele/plug/STATE", "tele/plug/SENSOR", "zigbee2mqtt/a/b"]) await real.publish(topic, "{}");
    await until(() => heard.length === 2);
    expect(heard).toEqual(["tele/plug/SENSOR {} false", "zigbee2mqtt/a/b {} false"]);
  });

  it("tells what the broker had kept", async () => {
    const real = await broker();
    await real.publish("tele/plug/SENSOR", "old", true);
    const connection = connect(real.port);
    const heard: MqttMessage[] = [];
    connection.onMessage((message) => heard.push(message));
    await until(() => heard.length === 1);
    expect(heard[0]).toMatchObject({ topic: "tele/plug/SENSOR", retained: true });
  });

  it("publishes, and knows when the broker has it", async () => {
    const real = await broker();
    const connection = connect(real.port, ["cmnd/#"]);
    const heard: string[] = [];
    connection.onMessage((message) => heard.push(textOf(message)));
    await well(connection);
    await connection.publish("cmnd/plug/POWER", bytes("ON"), { retain: false });
    await until(() => heard.length === 1);
    expect(heard).toEqual(["ON"]);
  });

  it("comes back after the broker was gone, with its subscriptions", async () => {
    const first = await Broker.open();
    const connection = connect(first.port);
    const heard: string[] = [];
    connection.onMessage((message) => heard.push(textOf(message)));
    await well(connection);
    await first.close();
    await until(() => connection.health().state === "down");
    const second = await broker(first.port);
    await well(connection);
    await second.publish("tele/plug/SENSOR", "again");
    await until(() => heard.length === 1);
    expect(heard).toEqual(["again"]);
  });

  it("says that nobody listens there", async () => {
    const gone = await Broker.open();
    await gone.close();
    const connection = connect(gone.port);
    await until(() => connection.health().state === "down");
    expect(JSON.stringify(connection.health())).toMatch(/nobody listens at 127.0.0.1:\d+: does the broker run/);
  });

  it("says that the broker does not take name and password, and keeps the password to itself", async () => {
    const real = await broker();
    real.aedes.authenticate = (_client, _name, _password, done) => done(null, false);
    const connection = connect(real.port, ["x"], { username: "gateway", password: "tops3cret" });
    await until(() => connection.health().state === "down");
    expect(JSON.stringify(connection.health())).toMatch(/refuses the connection: .*user name/);
    expect(JSON.stringify(connection.health())).not.toContain("tops3cret");
  });

  it("says that the broker does not speak MQTT 5", async () => {
    const real = await broker();
    const connection = connect(real.port, ["x"], { protocol: 5 });
    await until(() => connection.health().state === "down");
    expect(JSON.stringify(connection.health())).toMatch(/set protocol: 3.1.1/);
  });
});

/** A client of the library, as far as we use it. */
class FakeClient extends EventEmitter {
  readonly options: MqttOptions;
  readonly published: ((error?: Error) => void)[] = [];
  subscribed: string[] = [];
  grant: (topics: string[]) => { topic: string; qos: number }[] = (topics) =>
    topics.map((topic) => ({ topic, qos: 1 }));
  ended = 0;

  constructor(options: MqttOptions) {
    super();
    this.options = options;
  }

  subscribe(
    topics: string[],
    _options: object,
    callback: (error: Error | null, granted?: { topic: string; qos: number }[]) => void,
  ): void {
    this.subscribed = topics;
    callback(null, this.grant(topics));
  }

  publish(_topic: string, _body: Buffer, _options: object, callback: (error?: Error) => void): void {
    this.published.push(callback);
  }

  end(_force: boolean, callback?: () => void): void {
    this.ended += 1;
    callback?.();
  }
}

async function faked(prepare: (client: FakeClient) => void = () => undefined, extra: object = {}) {
  const clock = new FakeClock();
  const log = new MemoryLog();
  const clients: FakeClient[] = [];
  const driver = async (_url: string, options: MqttOptions) => {
    const client = new FakeClient(options);
    prepare(client);
    clients.push(client);
    return client;
  };
  const open = mqttConnections({ clock, random: new SeededRandom(1), log, driver });
  const connection = open({ url: "mqtt://broker.lan:1883", topics: ["a/+"], protocol: 4, ...extra });
  toClose.push(connection);
  await settle();
  return { clock, log, connection, clients, client: () => clients.at(-1)! };
}

describe("a connection to a broker", () => {
  it("asks the library to queue nothing and to reconnect never", async () => {
    const { client } = await faked();
    expect(client().options).toMatchObject({
      reconnectPeriod: 0,
      queueQoSZero: false,
      resubscribe: false,
      clean: true,
    });
    expect(client().options).not.toHaveProperty("properties");
    expect((await faked(undefined, { protocol: 5 })).client().options).toMatchObject({
      protocolVersion: 5,
      properties: { maximumPacketSize: 1_048_576 },
    });
  });

  it("uses the client id given, or one that no other gateway has", async () => {
    expect((await faked(undefined, { clientId: "lab" })).client().options.clientId).toBe("lab");
    expect((await faked()).client().options.clientId).toMatch(/^isthmus-[0-9a-f]{12}$/);
  });

  it("is tried again later and later, each time with a fresh client", async () => {
    const { clock, clients, client } = await faked();
    for (let i = 0; i < 20; i++) {
      const failing = client();
      failing.emit("error", Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }));
      failing.emit("close");
      await clock.advance(60_000);
    }
    expect(clients).toHaveLength(21);
    expect(clients.slice(0, -1).every(({ ended }) => ended === 1)).toBe(true);
    client().emit("close");
    await clock.advance(29_000);
    expect(clients).toHaveLength(21);
  });

  it("takes nothing to publish without a connection: what is late for a relay is wrong", async () => {
    const { connection, client } = await faked();
    await expect(connection.publish("t", bytes("1"), { retain: false })).rejects.toThrow(/no connection/);
    client().emit("connect");
    client().emit("close");
    await expect(connection.publish("t", bytes("1"), { retain: false })).rejects.toThrow(/no connection/);
  });

  it("fails what the broker has not acknowledged when the connection breaks, or ends", async () => {
    const { connection, client } = await faked();
    client().emit("connect");
    const lost = connection.publish("t", bytes("1"), { retain: false });
    client().emit("close");
    await expect(lost).rejects.toThrow(/not acknowledged: the broker ended the connection/);
  });

  it("lets no more than a hundred messages wait for the broker", async () => {
    const { connection, client } = await faked();
    client().emit("connect");
    const waiting = Array.from({ length: 100 }, () => connection.publish("t", bytes("1"), { retain: false }));
    await expect(connection.publish("t", bytes("1"), { retain: false })).rejects.toThrow(/too many/);
    for (const acknowledge of client().published) acknowledge();
    await Promise.all(waiting);
    void connection.publish("t", bytes("1"), { retain: false }).catch(() => undefined);
    expect(client().published).toHaveLength(101);
  });

  it("is degraded when the broker refuses a subscription", async () => {
    const { connection, client } = await faked((fresh) => {
      fresh.grant = (topics) => topics.map((topic) => ({ topic, qos: 0x87 }));
    });
    client().emit("connect");
    expect(connection.health()).toEqual({ state: "degraded", reason: "the broker refuses the subscription to a/+" });
  });

  it("names the client id when somebody else seems to use it", async () => {
    const { clock, connection, client } = await faked(undefined, { clientId: "lab" });
    for (let i = 0; i < 3; i++) {
      client().emit("connect");
      client().emit("close");
      if (i < 2) await clock.advance(10_000);
    }
    expect(JSON.stringify(connection.health())).toMatch(/another client seems to use the same client id, lab/);
    const five = await faked(undefined, { clientId: "lab", protocol: 5 });
    five.client().emit("connect");
    five.client().emit("disconnect", { reasonCode: 0x8e });
    five.client().emit("close");
    expect(JSON.stringify(five.connection.health())).toMatch(/same client id, lab/);
  });

  it("says which file of a certificate cannot be read", async () => {
    const { connection, clients } = await faked(undefined, { ca: "/no/such/ca.pem" });
    await until(() => connection.health().state === "down");
    expect(JSON.stringify(connection.health())).toMatch(/cannot read the file of `ca`: ENOENT/);
    expect(clients).toEqual([]);
  });

  it("looks for the files of certificates in the configuration's folder", async () => {
    await expect(readPem("ca.pem", "ca", "/no/such")).rejects.toThrow("'/no/such/ca.pem'");
    await expect(readPem("/elsewhere/ca.pem", "ca", "/no/such")).rejects.toThrow("'/elsewhere/ca.pem'");
  });

  it("takes PEM as it stands", async () => {
    const pem = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n";
    expect((await faked(undefined, { ca: pem, key: pem })).client().options).toMatchObject({ ca: pem, key: pem });
  });
});

describe("what goes wrong with a connection", () => {
  const target = { url: "mqtts://gateway:tops3cret@broker.lan:8883", protocol: 4 } as const;
  const system = (code: string) => Object.assign(new Error(code), { code });

  it.each([
    [system("ECONNREFUSED"), /nobody listens at broker.lan:8883/],
    [new AggregateError([system("ECONNREFUSED"), system("ECONNREFUSED")]), /nobody listens/],
    [system("ENOTFOUND"), /no address for broker.lan/],
    [system("EHOSTUNREACH"), /cannot be reached/],
    [system("SELF_SIGNED_CERT_IN_CHAIN"), /signed by nobody known here.*`ca`/],
    [system("ERR_TLS_CERT_ALTNAME_INVALID"), /another name/],
    [system("CERT_HAS_EXPIRED"), /expired; or is this clock wrong/],
    [Object.assign(new Error("x"), { code: 4 }), /wrong user name or password/],
    [Object.assign(new Error("x"), { code: 0x87 }), /not authorised/],
    [Object.assign(new Error("x"), { code: 2 }), /client id/],
    [Object.assign(new Error("Server busy"), { code: 0x89 }), /Server busy/],
    [new Error("something new"), /something new/],
    ["not even an error", /not even an error/],
  ])("has words with a next step, and no password in them: %s", (error, words) => {
    const said = connectionError(error, target);
    expect(said).toMatch(words);
    expect(said).not.toContain("tops3cret");
  });
});
