/** Each kind of mistake as people read it: with the real adapters, exactly as it is printed. */

import { describe, expect, it } from "vitest";
import { formatProblem, readConfig } from "../../src/config/index.ts";
import { adapterSettings } from "../../src/daemon.ts";

const adapters = adapterSettings();
const SERVER = 'server: { uri: "coap://127.0.0.1:5683" }\n';

function read(text: string, env: Readonly<Record<string, string>> = {}, files: Readonly<Record<string, string>> = {}) {
  const file = (path: string): string => {
    const content = files[path];
    if (content === undefined) throw new Error("EACCES: permission denied");
    return content;
  };
  return readConfig(text, "isthmus.yaml", { adapters, secrets: { env: (name) => env[name], file } });
}
const printed = (...args: Parameters<typeof read>) => read(...args).problems.map(formatProblem);
const heads = (...args: Parameters<typeof read>) => printed(...args).map((text) => text.split("\n", 1)[0]);

describe("the configuration that the documentation shows", () => {
  const text = `# isthmus.yaml
gateway:  { endpoint: isthmus-lab }
server:   { uri: "coap://127.0.0.1:5683", lifetime: 300 }        # or servers: [ ... ]
http:     { listen: "127.0.0.1:8080" }
adapters:
  radio:  { type: ble, device: hci0 }
  gnss:   { type: serial, path: /dev/serial/by-id/usb-x, baud: 9600 }
  broker: { type: mqtt, url: "mqtt://127.0.0.1:1883", topics: ["zigbee2mqtt/+", "tele/+/SENSOR"] }
  sim:    { type: simulator, sensors: 6, interval: 2s, value: drift }
adopt:    [ { definition: "ruuvi.*", rssi: -85 } ]
sensors:  [ { source: "radio/CB:B8:33:4C:88:4F", definition: ruuvi.tag.df5, endpoint: ruuvi-cbb8334c884f, label: Freezer 2 } ]
`;

  it("has no mistake, and every key of it arrives", () => {
    const { config, problems } = read(text);
    expect(problems).toEqual([]);
    expect(config).toEqual({
      gateway: { endpoint: "isthmus-lab", allowReboot: false },
      servers: [{ uri: "coap://127.0.0.1:5683", lifetime: 300 }],
      http: { host: "127.0.0.1", port: 8080 },
      adapters: [
        { name: "radio", type: "ble", settings: { device: "hci0" } },
        { name: "gnss", type: "serial", settings: { path: "/dev/serial/by-id/usb-x", baud: 9600 } },
        {
          name: "broker",
          type: "mqtt",
          settings: { url: "mqtt://127.0.0.1:1883", topics: ["zigbee2mqtt/+", "tele/+/SENSOR"] },
        },
        { name: "sim", type: "simulator", settings: { sensors: 6, interval: "2s", value: "drift" } },
      ],
      adopt: [{ definition: "ruuvi.*", rssi: -85 }],
      sensors: [
        {
          source: "radio/CB:B8:33:4C:88:4F",
          definition: "ruuvi.tag.df5",
          endpoint: "ruuvi-cbb8334c884f",
          label: "Freezer 2",
        },
      ],
      objects: [],
      folder: process.cwd(),
      log: { level: "info" },
    });
  });

  it.each(["drift", "ts", "seq"])("knows the simulated value %s", (value) => {
    expect(read(text.replace("value: drift", `value: ${value}`)).problems).toEqual([]);
  });

  it("means the same with Windows line ends and a byte order mark", () => {
    expect(read(`\uFEFF${text.replaceAll("\n", "\r\n")}`).config).toEqual(read(text).config);
  });
});

describe("a mistake as it is printed", () => {
  it.each<[string, string, string[]]>([
    [
      "an unknown key with a near one",
      `${SERVER}adapters:\n  gnss: { type: serial, bauds: 9600, path: /dev/x }\n`,
      [
        "isthmus.yaml:3:25  adapters.gnss.bauds: unknown key",
        "     3 |   gnss: { type: serial, bauds: 9600, path: /dev/x }",
        "       |                         ^^^^^ did you mean `baud`?",
      ],
    ],
    [
      "an unknown key with none near",
      `${SERVER}gateway: { zzzzzz: 1 }\n`,
      [
        "isthmus.yaml:2:12  gateway.zzzzzz: unknown key",
        "     2 | gateway: { zzzzzz: 1 }",
        "       |            ^^^^^^ known here: endpoint, allow_reboot, starts_per_second, mode, latitude, longitude, altitude",
      ],
    ],
    [
      "a type that nobody has",
      `${SERVER}adapters: { s: { type: simulatr } }\n`,
      [
        "isthmus.yaml:2:24  adapters.s.type: no adapter is called simulatr",
        "     2 | adapters: { s: { type: simulatr } }",
        "       |                        ^^^^^^^^ did you mean `simulator`?",
      ],
    ],
    [
      "a wrong type",
      "server:\n  uri: 5683\n",
      ["isthmus.yaml:2:8  server.uri: expected text, found 5683", "     2 |   uri: 5683", "       |        ^^^^"],
    ],
    [
      "a key that stands twice",
      `${SERVER}gateway: { endpoint: a, endpoint: b }\n`,
      [
        "isthmus.yaml:2:25  gateway.endpoint: this key stands here twice",
        "     2 | gateway: { endpoint: a, endpoint: b }",
        "       |                         ^^^^^^^^ keep one of them",
      ],
    ],
    [
      "a tab where only blanks may stand, shown as a blank",
      'server:\n\turi: "coap://a"\n',
      ["isthmus.yaml:2:1  not YAML: tabs are not allowed as indentation", '     2 |  uri: "coap://a"', "       | ^"],
    ],
    [
      "an empty file",
      "",
      ["isthmus.yaml:1:1  no server to register at", "     1 | ", '       | ^ add server: { uri: "coap://host:5683" }'],
    ],
    [
      "a file that is only a text",
      "hello",
      [
        'isthmus.yaml:1:1  expected a section of keys and values, found the text "hello"',
        "     1 | hello",
        "       | ^^^^^",
      ],
    ],
    [
      "a second document",
      `${SERVER}---\n${SERVER}`,
      ["isthmus.yaml:2:1  a second document begins here: one file, one document", "     2 | ---", "       | ^^^"],
    ],
    [
      "bytes that are no UTF-8",
      `${SERVER}gateway: { endpoint: "K\uFFFDche" }\n`,
      [
        "isthmus.yaml:2:24  a character that is no text stands here",
        '     2 | gateway: { endpoint: "K\uFFFDche" }',
        "       |                        ^ save the file as UTF-8",
      ],
    ],
    [
      "a tag with more than a name",
      `${SERVER}http: { token: !env { a: 1 } }\n`,
      [
        "isthmus.yaml:2:16  !env takes one name: !env NAME",
        "     2 | http: { token: !env { a: 1 } }",
        "       |                ^^^^",
      ],
    ],
    [
      "an adapter that only the prototype of all objects knows",
      `${SERVER}sensors: [{ source: constructor/1 }]\n`,
      [
        "isthmus.yaml:2:21  sensors.0.source: there is no adapter constructor",
        "     2 | sensors: [{ source: constructor/1 }]",
        "       |                     ^^^^^^^^^^^^^ add it under adapters",
      ],
    ],
  ])("is %s", (_, text, lines) => {
    expect(printed(text)[0]?.split("\n")).toEqual(lines);
  });

  it.each<[string, string]>([
    [
      'server: { uri: "coap://a", lifetime: 0 }',
      "1:38  server.lifetime: 0 means for ever, which servers know since LwM2M 1.2",
    ],
    [
      'server: { uri: "coap://a", lifetime: 1.5 }',
      "1:38  server.lifetime: expected seconds, or a duration such as `5m`",
    ],
    [
      'server: { uri: "coap://a", lifetime: 500ms }',
      "1:38  server.lifetime: expected whole seconds up to 30 days, or a duration such as `5m`",
    ],
    [
      'server: { uri: "coap://a", lifetime: 31d }',
      "1:38  server.lifetime: expected whole seconds up to 30 days, or a duration such as `5m`",
    ],
    [
      'server: { uri: "coap://a", min_period: 1m, max_period: 10 }',
      "1:56  server.max_period: is shorter than min_period",
    ],
    ["servers: []", "1:1  no server to register at"],
    [`${SERVER}lab: { port: 70000 }`, "2:14  lab.port: expected at most 65535"],
    [`${SERVER}adopt: { definition: a }`, "2:8  adopt: expected a list, found a section"],
    [`${SERVER}adopt: [{ rssi: loud }]`, '2:17  adopt.0.rssi: expected a number, found the text "loud"'],
    [`${SERVER}sensors: [{ label: a }]`, "2:11  sensors.0.source: missing"],
    [
      `${SERVER}adapters: { __proto__: { type: simulator } }`,
      "2:13  adapters.__proto__: this name cannot be used here",
    ],
    [`${SERVER}adapters: { a: [], b: 5 }`, "2:16  adapters.a: expected a section of keys and values, found a list"],
    [`${SERVER}http: { token: !env }`, "2:21  http.token: !env takes one name: !env NAME"],
  ])("is %s", (text, head) => {
    expect(heads(text)[0]).toBe(`isthmus.yaml:${head}`);
  });

  it.each([
    ["2s", 2],
    ["5m", 300],
    ["1h", 3_600],
    ["2d", 172_800],
    ["1000ms", 1],
    ["1.5m", 90],
  ])("is none in the lifetime %s", (text, lifetime) => {
    expect(read(`server: { uri: "coap://a", lifetime: ${text} }`).config?.servers[0]?.lifetime).toBe(lifetime);
  });
});

describe("the page's address", () => {
  it.each([
    "0.0.0.0",
    "[::]",
    "192.168.1.5",
    "[fe80::1]",
    "raspberrypi",
    "raspberrypi.local",
    "localhost.example",
    "128.0.0.1",
    "[::ffff:127.0.0.1]",
  ])("%s can be reached by others: a token is demanded", (host) => {
    expect(heads(`${SERVER}http: { listen: "${host}:8080" }`)).toEqual([
      "isthmus.yaml:2:17  http.listen: listening where others can reach it demands a token",
    ]);
    expect(read(`${SERVER}http: { listen: "${host}:8080", token: sesame-sesame }`).problems).toEqual([]);
  });

  it.each(["[::1]", "127.0.0.1", "127.255.0.9", "localhost"])("%s cannot be reached by others", (host) => {
    const { config, problems } = read(`${SERVER}http: { listen: "${host}:0" }`);
    expect(problems).toEqual([]);
    expect(config?.http).toEqual({ host: host.replaceAll(/[[\]]/g, ""), port: 0 });
  });

  it.each(["8080", ":8080", "127.0.0.1", "::1:80", "a:70000", "a b:80", "http://a:80", "127.0.0.1:", "[::1]80"])(
    "%j is none",
    (listen) => {
      expect(heads(`${SERVER}http: { listen: "${listen}" }`)[0]).toContain("http.listen: expected host:port");
    },
  );
});

describe("what somebody wrote in plain text although nobody should", () => {
  it.each([
    [`${SERVER}http: { token: sesame-sesame, listen: 8080 }`],
    [`${SERVER}http: { token: "sesame-sesame, and more", listen: 8080 }`],
    [`${SERVER}http: { 'token': 'sesame-sesame', listen: 8080 }`],
    [`${SERVER}http: { token: sesame, listen: "127.0.0.1:80" }`],
    [`${SERVER}http: { token: [sesame] }`.replace("[sesame]", "sesame")],
    [`${SERVER}adapters: { b: { type: mqtt, url: "mqtt://user:sesame@h:99999999", topics: [a], passwrd: 1 } }`],
    [`${SERVER}adapters: { b: { type: mqtt, url: "mqtt://h", topics: 5, password: sesame } }`],
    [`${SERVER}http: { token: sesame`],
  ])("is not printed: %s", (text) => {
    const { problems } = read(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.map(formatProblem).join("\n")).not.toContain("sesame");
    expect(JSON.stringify(problems)).not.toContain("sesame");
  });

  it("keeps every other character where it was, so that the marks fit", () => {
    const [problem] = read(`${SERVER}http: { token: sesame-sesame, lisen: a }`).problems;
    expect(problem && problem.excerpt.slice(problem.column - 1, problem.column - 1 + problem.length)).toBe("lisen");
    expect(problem?.excerpt).toBe("http: { token: *************, lisen: a }");
  });

  it("does not hide the names of secrets", () => {
    expect(read(`${SERVER}http: { token: !env NOPE }`).problems[0]?.excerpt).toBe("http: { token: !env NOPE }");
  });
});

describe("a secret", () => {
  const http = (tag: string) => `${SERVER}http: { listen: "0.0.0.0:80", token: ${tag} }`;

  it.each<[string, string]>([
    ["!env MISSING", "2:43  http.token: the environment variable MISSING is not set"],
    ["!env EMPTY", "2:43  http.token: the environment variable EMPTY is not set"],
    ["!file /no", "2:44  http.token: the file /no cannot be used: EACCES: permission denied"],
    ["!file /empty", "2:44  http.token: the file /empty cannot be used: empty"],
    ["!env SHORT", "2:43  http.token: expected at least 8 characters"],
  ])("%s is told of once, and nothing starts", (tag, head) => {
    const given = [http(tag), { EMPTY: "", SHORT: "abc" }, { "/empty": "\n" }] as const;
    expect(heads(...given)).toEqual([`isthmus.yaml:${head}`]);
    expect(read(...given).config).toBeUndefined();
  });

  it("is nowhere to be seen in what was read, whoever prints it", () => {
    const text = `${SERVER}http: { token: &t !env T }\nadapters: { b: { type: mqtt, url: "mqtt://h", topics: [a], password: *t }, c: { type: mqtt, url: "mqtt://h", topics: [a], password: !file /p, nonsense: !env T } }`;
    const result = read(text, { T: "sesame-sesame" }, { "/p": "open-sesame\n" });
    expect(result.config?.http?.token?.reveal()).toBe("sesame-sesame");
    const said = `${JSON.stringify(result)}${String(result.config?.http?.token)}${result.problems.map(formatProblem).join("")}`;
    expect(said).not.toContain("sesame");
    expect(said).toContain("<secret !env T>");
  });

  it("where plain text belongs is refused without being opened", () => {
    const text = `${SERVER}gateway: { endpoint: !env T }`;
    expect(heads(text, { T: "sesame" })).toEqual([
      "isthmus.yaml:2:27  gateway.endpoint: expected text, found a secret",
    ]);
  });
});
