/** Servers in the configuration: every key arrives, and what cannot stand together is said with its line. */

import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config/index.ts";
import { parseSize } from "../../src/config/values.ts";

const secrets = { env: () => undefined, file: () => "" };
const read = (text: string) => readConfig(text, "isthmus.yaml", { adapters: new Map(), secrets });

/** The problems, each as `line:column path: message (hint)`. */
const told = (text: string) =>
  read(text).problems.map(
    ({ line, column, path, message, hint }) =>
      `${line}:${column} ${path}: ${message}${hint === undefined ? "" : ` (${hint})`}`,
  );
const server = (more: string) => `server: { uri: "coap://a", ${more} }`;

const WHOLE = `
bootstrap: { uri: "coap://bs" }
servers:
  - uri: "coap://[2001:db8::1]:5783"
    short_server_id: 7
    lifetime: 1h
    version: "1.2"
    min_period: 10s
    max_period: 5m
    queue: true
    priority: 0
    failure_block: true
    initial_delay: 30s
    bootstrap_on_failure: false
    retry_count: 3
    retry_timer: 20s
    sequence_delay: 15m
    sequence_count: 2
    storing: false
    disable_timeout: 1d
    mute_send: true
    confirm_notifications: true
  - { uri: "coap://b" }
`;

describe("a server in the configuration", () => {
  it("may say all that an account can, in seconds", () => {
    const { config, problems } = read(WHOLE);
    expect(problems).toEqual([]);
    expect(config?.servers).toEqual([
      {
        uri: "coap://[2001:db8::1]:5783",
        lifetime: 3_600,
        version: "1.2",
        shortServerId: 7,
        defaultMinimumPeriod: 10,
        defaultMaximumPeriod: 300,
        queue: true,
        priority: 0,
        failureBlock: true,
        initialDelay: 30,
        bootstrapOnFailure: false,
        retryCount: 3,
        retryTimer: 20,
        sequenceDelay: 900,
        sequenceCount: 2,
        storing: false,
        disableTimeout: 86_400,
        muteSend: true,
        confirmNotifications: true,
      },
      { uri: "coap://b", lifetime: 300 },
    ]);
  });

  it("says nothing of what the file does not say: the engine has its own ways then", () => {
    expect(read('server: { uri: "coap://a" }').config?.servers).toEqual([{ uri: "coap://a", lifetime: 300 }]);
  });

  it("may stay for ever where it speaks LwM2M 1.2", () => {
    expect(read(server('lifetime: 0, version: "1.2"')).config?.servers[0]?.lifetime).toBe(0);
    expect(told(server("lifetime: 0"))).toEqual([
      '1:38 server.lifetime: 0 means for ever, which servers know since LwM2M 1.2 (say version: "1.2", or at least 1 second)',
    ]);
  });

  it.each([
    ["min_period: 10, max_period: 5", "1:56 server.max_period: is shorter than min_period"],
    [
      "failure_block: true",
      "1:43 server.failure_block: nobody waits for a server without a priority (give it one; lower numbers go first)",
    ],
    ["bootstrap_on_failure: true", "1:50 server.bootstrap_on_failure: there is no bootstrap section (add one)"],
    ["short_server_id: 0", "1:45 server.short_server_id: expected at least 1"],
    ["short_server_id: 65535", "1:45 server.short_server_id: expected at most 65534"],
    ["retry_count: 0", "1:41 server.retry_count: expected at least 1"],
    ["queue: yes", '1:35 server.queue: expected true or false, found the text "yes"'],
    ["priorty: 1", "1:28 server.priorty: unknown key (did you mean `priority`?)"],
    ["retry_timer: soon", "1:41 server.retry_timer: expected whole seconds up to 30 days, or a duration such as `5m`"],
  ])("is refused with %s", (more, problem) => {
    expect(told(server(more))).toEqual([problem]);
    expect(read(server(more)).config).toBeUndefined();
  });

  it("waits without a block, and blocks with a priority", () => {
    expect(told(server("failure_block: false"))).toEqual([]);
    expect(told(server("failure_block: true, priority: 1"))).toEqual([]);
  });

  it.each([
    ["coaps://a", "coaps"],
    ["COAPS://a", "coaps"],
    ["coaps+tcp://a:5684", "coaps+tcp"],
  ])("at %s never ends in a connection without a key", (uri, scheme) => {
    expect(told(`server: { uri: "${uri}" }`)).toEqual([
      `1:16 server.uri: ${scheme} wants to know who one is (add security: { mode: psk, key: !file KEY })`,
    ]);
  });

  it("may be spoken to over TCP", () => {
    expect(read('server: { uri: "coap+tcp://a" }').config?.servers[0]?.uri).toBe("coap+tcp://a");
  });

  it.each(["http://a", "coap:a", "coap://", "coap://a/path", "coap://user@a", "a:5683", ""])(
    "is not found at %j",
    (uri) => {
      expect(told(`server: { uri: "${uri}" }`)).toEqual([
        '1:16 server.uri: expected coap://host:port or coaps://host:port, such as "coaps://lwm2m.example:5684"',
      ]);
    },
  );
});

describe("several servers", () => {
  const two = (first: string, second: string) => `servers:\n  - { ${first} }\n  - { ${second} }\n`;

  it("are not the same one twice", () => {
    expect(told(two('uri: "coap://a"', 'uri: "coap://a"'))).toEqual([
      "3:12 servers.1.uri: this server is already in the list",
    ]);
  });

  it("have numbers of their own, those counted included", () => {
    const message = "1 is another server's, by its word or by its place in the list (number them all)";
    expect(told(two('uri: "coap://a"', 'uri: "coap://b", short_server_id: 1'))).toEqual([
      `3:41 servers.1.short_server_id: ${message}`,
    ]);
    expect(told(two('uri: "coap://a", short_server_id: 2', 'uri: "coap://b"'))).toEqual([
      `3:5 servers.1.short_server_id: ${message.replace("1 is", "2 is")}`,
    ]);
    expect(told(two('uri: "coap://a", short_server_id: 2', 'uri: "coap://b", short_server_id: 1'))).toEqual([]);
  });

  it("each say what is wrong with them, though another section is broken as well", () => {
    expect(
      told(`${two('uri: "coap://a", lifetime: 0', 'uri: "coap://b", failure_block: true')}log: { level: 3 }`),
    ).toEqual([
      expect.stringContaining("2:34 servers.0.lifetime: 0 means for ever"),
      expect.stringContaining("3:39 servers.1.failure_block: nobody waits"),
      expect.stringContaining("4:15 log.level: expected"),
    ]);
  });
});

describe("the rest that a fleet needs", () => {
  it("is how many may register in a second, and how much memory what is kept may take", () => {
    const { config, problems } = read(
      `${server("queue: false")}\ngateway: { starts_per_second: 50 }\nstorage: { memory: 8MB }\n`,
    );
    expect(problems).toEqual([]);
    expect(config?.gateway.startsPerSecond).toBe(50);
    expect(config?.storage).toEqual({ memory: 8_388_608 });
  });

  it("is where the lab bootstraps", () => {
    expect(read("lab: { port: 5783, bootstrap_port: 5784 }").config?.lab).toEqual({
      port: 5_783,
      bootstrapPort: 5_784,
    });
    expect(told("lab: { bootstrap_port: 70000 }")).toEqual(["1:24 lab.bootstrap_port: expected at most 65535"]);
  });

  it.each(["32", "32mb", "0.5kB", "5GB", "-1MB", "lots", "1e6kB", ""])("is no size of memory as %j", (size) => {
    expect(told(`${server("queue: false")}\nstorage: { memory: "${size}" }\n`)).toEqual([
      "2:20 storage.memory: expected a size from 64kB to 4GB, such as `32MB`",
    ]);
  });

  it("is no size as a bare number, which leaves open of what", () => {
    expect(told(`${server("queue: false")}\nstorage: { memory: 32 }\n`)).toEqual([
      "2:20 storage.memory: expected a size from 64kB to 4GB, such as `32MB`",
    ]);
  });

  it.each([
    ["64kB", 65_536],
    ["1.5 MB", 1_572_864],
    [" 1GB ", 1_073_741_824],
    ["7B", 7],
  ])("reads %j as bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });
});
