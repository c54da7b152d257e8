/** A broker connection in memory: tests publish through it, refuse, break it, and read what was published. */

import type { ConnectMqtt, MqttConnection, MqttHealth, MqttMessage, MqttSettings } from "../../src/io/mqtt.ts";

export interface Published {
  readonly topic: string;
  readonly text: string;
  readonly retain: boolean;
}

export class FakeMqtt implements MqttConnection {
  readonly asked: MqttSettings[] = [];
  readonly published: Published[] = [];
  state: MqttHealth = { state: "ok" };
  closed = 0;
  /** Publishing fails for this reason. */
  refuse: string | undefined;
  /** The broker never acknowledges. */
  mute = false;
  onPublish: (message: Published) => void = () => undefined;
  #listener: (message: MqttMessage) => void = () => undefined;

  readonly connect: ConnectMqtt = (settings) => {
    this.asked.push(settings);
    return this;
  };

  onMessage(listener: (message: MqttMessage) => void): void {
    this.#listener = listener;
  }

  health(): MqttHealth {
    return this.state;
  }

  publish(topic: string, body: Uint8Array, { retain }: { readonly retain: boolean }): Promise<void> {
    if (this.refuse !== undefined) return Promise.reject(new Error(this.refuse));
    const message = { topic, text: new TextDecoder().decode(body), retain };
    this.published.push(message);
    this.onPublish(message);
    return this.mute ? new Promise(() => undefined) : Promise.resolve();
  }

  async close(): Promise<void> {
    this.closed += 1;
  }

  /** A message arrives. */
  hear(topic: string, body: string | Uint8Array, retained = false): void {
    this.#listener({ topic, body: typeof body === "string" ? new TextEncoder().encode(body) : body, retained });
  }
}
