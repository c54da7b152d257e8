/** Devices behind an MQTT broker: every message of a topic we listen to is a frame, whose source is the topic. */

import { z } from "zod";
import { words } from "../base/errors.ts";
import { notable } from "../base/notable.ts";
import type { ConnectMqtt, MqttConnection, MqttMessage } from "../io/mqtt.ts";
import { type Adapter, type Command, defineAdapter, type Health, type Host, type Outcome } from "../sdk/adapter.ts";
import { pattern } from "./question.ts";
import { reveal, secret } from "./settings.ts";

const Config = z.strictObject({
  url: z.string().refine(isBrokerUrl, {
    error: 'expected mqtt://host:port or mqtts://host:port, such as "mqtt://127.0.0.1:1883"',
  }),
  topics: z
    .array(z.string().refine(isFilter, { error: "expected a topic filter, such as tele/+/SENSOR or sensors/#" }))
    .min(1)
    .max(1_000),
  /** Version of MQTT: 5, or 3.1.1 (also called 4). */
  protocol: z
    .union([z.literal(4), z.literal(5), z.literal("3.1.1"), z.literal("5")], { error: "expected 5 or 3.1.1" })
    .default("3.1.1"),
  client_id: z.string().min(1).max(128).optional(),
  username: z.string().optional(),
  password: secret.optional(),
  /** Paths of PEM files, or PEM by way of `!file`. */
  ca: secret.optional(),
  cert: secret.optional(),
  key: secret.optional(),
  /** Bytes; longer messages are dropped and counted. */
  max_payload: z.int().min(1).max(65_536).default(65_536),
});
type Config = z.infer<typeof Config>;

export const mqttAdapter = (connectMqtt: ConnectMqtt) =>
  defineAdapter<Config>({
    id: "mqtt",
    sdk: 1,
    config: Config,
    start: (host, config) => Promise.resolve(new BrokerAdapter(host, config, connectMqtt)),
  });

interface Expectation {
  readonly topic: string;
  readonly expect: RegExp;
  readonly settle: (outcome: Outcome) => void;
}

class BrokerAdapter implements Adapter {
  readonly #host: Host;
  readonly #maxPayload: number;
  readonly #connection: MqttConnection;
  readonly #expected = new Set<Expectation>();
  #oversized = 0;

  constructor(host: Host, config: Config, connectMqtt: ConnectMqtt) {
    this.#host = host;
    this.#maxPayload = config.max_payload;
    this.#connection = connectMqtt(settingsOf(config));
    this.#connection.onMessage((message) => this.#hear(message));
    host.signal.addEventListener("abort", () => void this.stop(), { once: true });
  }

  health(): Health {
    return this.#connection.health();
  }

  async command({ source, payload, expect, timeoutMs }: Command, signal: AbortSignal): Promise<Outcome> {
    if (payload.kind !== "message") return rejected(`cannot publish ${payload.kind}`);
    if (payload.topic === "" || /[+#\0]/.test(payload.topic)) return rejected(`"${payload.topic}" is no topic`);
    const wanted = expect === undefined ? undefined : pattern(expect);
    if (typeof wanted === "string") return rejected(wanted);

    const { topic, body, retained } = payload;
    const publish = () => this.#connection.publish(topic, body, { retain: retained ?? false });
    return new Promise((resolve) => {
      const settle = (outcome: Outcome) => {
        timer.cancel();
        signal.removeEventListener("abort", giveUp);
        if (expectation) this.#expected.delete(expectation);
        resolve(outcome);
      };
      const giveUp = () => settle({ status: "timeout" });
      const timer = this.#host.clock.after(timeoutMs, giveUp);
      signal.addEventListener("abort", giveUp, { once: true });
      const expectation: Expectation | undefined = wanted && { topic: source, expect: wanted, settle };
      // The answer may be here before the broker's acknowledgement.
      if (expectation) this.#expected.add(expectation);
      publish().then(
        () => {
          if (!expectation) settle({ status: "done" });
        },
        (error: unknown) => settle(rejected(words(error))),
      );
    });
  }

  async stop(): Promise<void> {
    for (const { settle } of [...this.#expected]) settle(rejected("stopped"));
    await this.#connection.close();
  }

  #hear({ topic, body, retained }: MqttMessage): void {
    if (body.length > this.#maxPayload) {
      this.#oversized += 1;
      if (notable(this.#oversized))
        this.#host.log.warn("message-oversized", { topic: topic.slice(0, 200), count: this.#oversized });
      return;
    }
    this.#answer(topic, body);
    const payload = retained
      ? ({ kind: "message", topic, body, retained } as const)
      : ({ kind: "message", topic, body } as const);
    this.#host.emit({ source: topic, at: this.#host.clock.now(), payload });
  }

  #answer(topic: string, body: Uint8Array): void {
    if (this.#expected.size === 0) return;
    const text = new TextDecoder().decode(body);
    for (const { topic: wanted, expect, settle } of [...this.#expected])
      if (wanted === topic && expect.test(text)) settle({ status: "done", readBack: text });
  }
}

function settingsOf({ url, topics, protocol, client_id: clientId, username, ...secrets }: Config) {
  const shown = (name: "password" | "ca" | "cert" | "key") =>
    secrets[name] === undefined ? {} : { [name]: reveal(secrets[name]) };
  return {
    url,
    topics,
    protocol: protocol === 5 || protocol === "5" ? (5 as const) : (4 as const),
    ...(clientId !== undefined && { clientId }),
    ...(username !== undefined && { username }),
    ...shown("password"),
    ...shown("ca"),
    ...shown("cert"),
    ...shown("key"),
  };
}

function isBrokerUrl(text: string): boolean {
  return URL.canParse(text) && ["mqtt:", "mqtts:"].includes(new URL(text).protocol) && new URL(text).hostname !== "";
}

/** MQTT 3.1.1 §4.7.1: `#` stands last and alone on its level, `+` alone on its level. */
function isFilter(text: string): boolean {
  if (text === "" || text.includes("\0") || Buffer.byteLength(text) > 65_535) return false;
  const levels = text.split("/");
  return levels.every((level, i) => level === "+" || (level === "#" && i === levels.length - 1) || !/[+#]/.test(level));
}

const rejected = (reason: string): Outcome => ({ status: "rejected", reason });
