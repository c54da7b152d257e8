/** What a configuration file means, and what is said of a wrong one. */

import { describe, expect, it } from "vitest";
import { z } from "zod";
import { demoConfig, formatProblem, readConfig } from "../../src/config/index.ts";

const serial = z.strictObject({ path: z.string().min(1), baud: z.int().min(50).default(9600) });
const mqtt = z.strictObject({
  url: z.string(),
  topics: z.array(z.string()).min(1),
  password: z.custom<unknown>().optional(),
  tls: z.union([z.boolean(), z.strictObject({ verify: z.boolean() })]).optional(),
});
const foreign = {
  parse(input: unknown): unknown {
    if (typeof input === "object" && input !== null && "ok" in input) return input;
    throw new Error("this plugin wants ok");
  },
};
const adapters = new Map<string, { parse(input: unknown): unknown }>([
  ["serial", serial],
  ["mqtt", mqtt],
  ["foreign", foreign],
]);

function read(text: string, env: Readonly<Record<string, string>> = {}) {
  const secrets = {
    env: (name: string) => env[name],
    file: (path: string) => {
      if (path === "/run/token") return "from-a-file\n";
      throw new Error("no such file");
    },
  };
  return readConfig(text, "/etc/isthmus/isthmus.yaml", { adapters, secrets });
}

const SERVER = 'server: { uri: "coap://127.0.0.1:5683" }\n';

/** The problems, each as `line:column path: message (hint)`, fatal ones with an exclamation mark. */
function told(text: string, env?: Readonly<Record<string, string>>): string[] {
  return read(text, env).problems.map(
    ({ line, column, path, message, hint, fatal }) =>
      `${fatal ? "! " : ""}${line}:${column} ${path}: ${message}${hint === undefined ? "" : ` (${hint})`}`,
  );
}

describe("a sound configuration", () => {
  it("becomes one typed value", () => {
    const { config, problems } = read(`
gateway:  { endpoint: isthmus-lab, allow_reboot: true }
server:   { uri: "coap://127.0.0.1:5683", lifetime: 300, version: "1.0", min_period: 1, max_period: 1m }
http:     { listen: "127.0.0.1:8080" }
adapters:
  gnss:   { type: serial, path: /dev/ttyUSB0, baud: 9600 }
adopt:    [ { definition: "ruuvi.*", rssi: -85 } ]
sensors:  [ { source: "gnss/a/b", definition: nmea.gnss, endpoint: gnss-1, label: Boat } ]
lab:      { port: 5683 }
objects:  [ extra/33000.xml ]
devices:  own
log:      { level: debug }
`);
    expect(problems).toEqual([]);
    expect(config).toEqual({
      gateway: { endpoint: "isthmus-lab", allowReboot: true },
      servers: [
        {
          uri: "coap://127.0.0.1:5683",
          lifetime: 300,
          version: "1.0",
          defaultMinimumPeriod: 1,
          defaultMaximumPeriod: 60,
        },
      ],
      http: { host: "127.0.0.1", port: 8080 },
      adapters: [{ name: "gnss", type: "serial", settings: { path: "/dev/ttyUSB0", baud: 9600 } }],
      adopt: [{ definition: "ruuvi.*", rssi: -85 }],
      sensors: [{ source: "gnss/a/b", definition: "nmea.gnss", endpoint: "gnss-1", label: "Boat" }],
      lab: { port: 5683 },
      objects: ["/etc/isthmus/extra/33000.xml"],
      devices: ["/etc/isthmus/own"],
      folder: "/etc/isthmus",
      log: { level: "debug" },
    });
  });

  it("needs no more than a server", () => {
    const { config, problems } = read(SERVER);
    expect(problems).toEqual([]);
    expect(config).toEqual({
      gateway: { allowReboot: false },
      servers: [{ uri: "coap://127.0.0.1:5683", lifetime: 300 }],
      adapters: [],
      adopt: [],
      sensors: [],
      objects: [],
      folder: "/etc/isthmus",
      log: { level: "info" },
    });
  });

  it("registers at its own lab where no server is named", () => {
    expect(read("lab: { port: 15683 }").config?.servers).toEqual([{ uri: "coap://127.0.0.1:15683", lifetime: 300 }]);
  });

  it("needs no server where a Bootstrap-Server gives them", () => {
    const { config, problems } = read('bootstrap: { uri: "coap://bs:5783", hold_off: 2m, version: "1.2" }');
    expect(problems).toEqual([]);
    expect(config?.servers).toEqual([]);
    expect(config?.bootstrap).toEqual({ uri: "coap://bs:5783", holdOff: 120, version: "1.2" });
  });

  it("takes a Bootstrap-Server beside servers, and beside a list of none", () => {
    const bootstrap = 'bootstrap: { uri: "coap://bs" }\n';
    expect(read(`${bootstrap}${SERVER}`).config).toMatchObject({
      servers: [{ uri: "coap://127.0.0.1:5683" }],
      bootstrap: { uri: "coap://bs" },
    });
    expect(read(`${bootstrap}servers: []`).config?.servers).toEqual([]);
    // With a lab inside, it is the Bootstrap-Server's word that counts, not the lab's being there.
    expect(read(`${bootstrap}lab: {}`).config?.servers).toEqual([]);
  });

  it("takes several servers, and lifetimes as text", () => {
    const { config } = read('servers: [{ uri: "coap://a", lifetime: 5m }, { uri: "coap://[::1]:5684" }]');
    expect(config?.servers.map(({ uri, lifetime }) => [uri, lifetime])).toEqual([
      ["coap://a", 300],
      ["coap://[::1]:5684", 300],
    ]);
  });

  it("is what the demonstration runs on", () => {
    expect(demoConfig()).toMatchObject({ lab: { port: 5683 }, http: { host: "127.0.0.1" } });
  });

  it("follows anchors, and treats a key without a value as absent", () => {
    const { config, problems } = read(
      `${SERVER}http:\nadapters:\n  a: &a { type: serial, path: /dev/a }\n  b: *a\n  c: { type: foreign, ok: yes }\n`,
    );
    expect(problems).toEqual([]);
    expect(config?.http).toBeUndefined();
    expect(config?.adapters.map((each) => each.settings)).toEqual([
      { path: "/dev/a" },
      { path: "/dev/a" },
      { ok: "yes" },
    ]);
  });
});

describe("what is fatal", () => {
  it("is a file that is no YAML", () => {
    const { config, problems } = read("gateway: { endpoint: [\n");
    expect(config).toBeUndefined();
    expect(problems[0]).toMatchObject({ fatal: true, line: 2 });
    expect(problems[0]?.message).toMatch(/^not YAML: /);
  });

  it("is a key at the top that nobody knows", () => {
    expect(told(`${SERVER}adaptors: {}\n`)).toEqual(["! 2:1 adaptors: unknown key (did you mean `adapters`?)"]);
  });

  it("is a key that stands twice", () => {
    expect(told(`${SERVER}${SERVER}`)).toEqual(["! 2:1 server: this key stands here twice (keep one of them)"]);
  });

  it("is no server at all, or two kinds of saying", () => {
    expect(told("gateway: { endpoint: a }")).toEqual([
      '! 1:1 : no server to register at (add server: { uri: "coap://host:5683" })',
    ]);
    expect(told(`${SERVER}servers: [{ uri: "coap://b" }]`)).toEqual([
      "! 2:1 servers: server and servers exclude one another (keep one of them)",
    ]);
  });

  it.each([
    [
      "server: { uri: localhost }",
      '! 1:16 server.uri: expected coap://host:port or coaps://host:port, such as "coaps://lwm2m.example:5684"',
    ],
    [
      'server: { uri: "coaps://a" }',
      "! 1:16 server.uri: coaps wants to know who one is (add security: { mode: psk, key: !file KEY })",
    ],
    ["servers: []", '! 1:1 : no server to register at (add server: { uri: "coap://host:5683" })'],
    ["bootstrap: { hold_off: 3 }", "! 1:1 bootstrap.uri: missing"],
    [
      'bootstrap: { uri: "coaps://a" }',
      "! 1:19 bootstrap.uri: coaps wants to know who one is (add security: { mode: psk, key: !file KEY })",
    ],
    ['bootstrap: { uri: "coap://a", holdoff: 3 }', "! 1:31 bootstrap.holdoff: unknown key (did you mean `hold_off`?)"],
    ["server: { lifetime: 3 }", "! 1:1 server.uri: missing"],
    ['server: { uri: "coap://a", lifetme: 3 }', "! 1:28 server.lifetme: unknown key (did you mean `lifetime`?)"],
    [
      'server: { uri: "coap://a", lifetime: soon }',
      "! 1:38 server.lifetime: expected whole seconds up to 30 days, or a duration such as `5m`",
    ],
    ['server: { uri: "coap://a", version: 1.0 }', '! 1:37 server.version: expected "1.0", "1.1" or "1.2", in quotes'],
    ["server: nonsense", '! 1:9 server: expected a section of keys and values, found the text "nonsense"'],
    [
      `${SERVER}gateway: { allow_reboot: maybe }`,
      '! 2:26 gateway.allow_reboot: expected true or false, found the text "maybe"',
    ],
    [
      `${SERVER}log: { level: wrn }`,
      '! 2:15 log.level: expected debug, info, warn or error, found the text "wrn" (did you mean `warn`?)',
    ],
    [`${SERVER}http: { listen: 8080 }`, "! 2:17 http.listen: expected text, found 8080"],
    [`${SERVER}http: { listen: "8080" }`, '! 2:17 http.listen: expected host:port, such as "127.0.0.1:8080"'],
    [`${SERVER}adapters: [1]`, "! 2:11 adapters: expected a section of keys and values, found a list"],
  ])("is %s", (text, problem) => {
    expect(told(text)).toEqual([problem]);
    expect(read(text).config).toBeUndefined();
  });

  it("is listening where others can reach it without a token", () => {
    const open = `${SERVER}http: { listen: "0.0.0.0:8080" }`;
    expect(told(open)).toEqual([
      "! 2:17 http.listen: listening where others can reach it demands a token (add http.token: !env ISTHMUS_TOKEN, or listen on 127.0.0.1)",
    ]);
    for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"])
      expect(told(`${SERVER}http: { listen: "${host}:1" }`)).toEqual([]);
    const guarded = read(`${SERVER}http: { listen: "0.0.0.0:8080", token: !env TOKEN }`, { TOKEN: "long enough" });
    expect(guarded.problems).toEqual([]);
    expect(guarded.config?.http?.token?.reveal()).toBe("long enough");
  });

  it("is a token too short to be one", () => {
    expect(told(`${SERVER}http: { listen: "0.0.0.0:1", token: abc }`)).toEqual([
      "! 2:37 http.token: expected at least 8 characters",
    ]);
  });
});

describe("what disables only itself", () => {
  it("is an adapter with an unknown key", () => {
    const text = `${SERVER}adapters:\n  gnss: { type: serial, path: a, bauds: 9600 }\n  other: { type: serial, path: b }\n`;
    expect(told(text)).toEqual(["3:34 adapters.gnss.bauds: unknown key (did you mean `baud`?)"]);
    expect(read(text).config?.adapters.map((each) => each.name)).toEqual(["other"]);
  });

  it("is an adapter of no known type, or of none", () => {
    expect(told(`${SERVER}adapters: { a: { type: seriall, path: b } }`)).toEqual([
      "2:24 adapters.a.type: no adapter is called seriall (did you mean `serial`?)",
    ]);
    expect(told(`${SERVER}adapters: { a: { path: b } }`)).toEqual(["2:13 adapters.a.type: missing"]);
    expect(told(`${SERVER}adapters: { a: }`)).toEqual([]);
  });

  it("is an adapter whose settings its plugin refuses", () => {
    expect(told(`${SERVER}adapters: { a: { type: foreign } }`)).toEqual(["2:16 adapters.a: this plugin wants ok"]);
  });

  it("is an adapter whose name cannot be part of a source", () => {
    expect(told(`${SERVER}adapters: { "a/b": { type: serial, path: c } }`)).toEqual([
      "2:20 adapters.a/b: expected a name of 1 to 40 letters, digits, - or _",
    ]);
  });

  it("names the branch that was meant where a setting has several forms", () => {
    expect(told(`${SERVER}adapters: { a: { type: mqtt, url: x, topics: [a], tls: { verfy: true } } }`)).toEqual([
      "2:51 adapters.a.tls.verify: missing",
      "2:58 adapters.a.tls.verfy: unknown key (did you mean `verify`?)",
    ]);
  });

  it("is a rule or a sensor with a mistake", () => {
    const text = `${SERVER}adapters: { sim: { type: serial, path: a } }
adopt: [ { definitio: x }, { definition: "a.*" }, {}, { adapter: sin } ]
sensors:
  - { source: sim }
  - { source: sin/1 }
  - { source: sim/1, endpoint: "with blank" }
  - { source: sim/2, endpoint: good }
  - { source: sim/2 }
  - { source: sim/3, endpoint: good }
`;
    expect(told(text)).toEqual([
      "3:12 adopt.0.definitio: unknown key (did you mean `definition`?)",
      "3:51 adopt.2: an empty rule would adopt everything: name a definition",
      "3:66 adopt.3.adapter: there is no adapter sin (did you mean `sim`?)",
      "5:15 sensors.0.source: expected adapter/address, such as radio/CB:B8:33:4C:88:4F",
      "6:15 sensors.1.source: there is no adapter sin (did you mean `sim`?)",
      "7:32 sensors.2.endpoint: expected 1 to 128 letters, digits or any of . _ : ~ @ + -",
      "9:15 sensors.4.source: this sensor is already in the list",
      "10:32 sensors.5.endpoint: this endpoint name is already taken (names are unique)",
    ]);
    const { config } = read(text);
    expect(config?.adopt).toEqual([{ definition: "a.*" }]);
    expect(config?.sensors).toEqual([{ source: "sim/2", endpoint: "good" }]);
  });

  it("is seen also where something fatal stands beside it", () => {
    expect(told(`server: { uri: 1 }\nadapters: { a: { type: serial } }`)).toEqual([
      "! 1:16 server.uri: expected text, found 1",
      "2:13 adapters.a.path: missing",
    ]);
  });
});

describe("secrets", () => {
  it("stay closed in what is read", () => {
    const { config } = read(
      `${SERVER}adapters: { a: { type: mqtt, url: x, topics: [t], password: !file /run/token } }`,
    );
    const { settings } = config?.adapters[0] ?? {};
    expect(JSON.stringify(settings)).toContain("<secret !file /run/token>");
    expect(JSON.stringify(settings)).not.toContain("from-a-file");
  });

  it("that are missing disable the adapter that needs them, and say how to help", () => {
    const text = `${SERVER}adapters:\n  a: { type: mqtt, url: x, topics: [t], password: !env NO_SUCH }\n  b: { type: mqtt, url: x, topics: [t], password: !file /nowhere }\n  c: { type: serial, path: x }`;
    expect(told(text)).toEqual([
      "3:56 adapters.a.password: the environment variable NO_SUCH is not set (export NO_SUCH before the start)",
      "4:57 adapters.b.password: the file /nowhere cannot be used: no such file (does it exist, may this user read it?)",
    ]);
    expect(read(text).config?.adapters.map((each) => each.name)).toEqual(["c"]);
  });

  it("that are missing where the page listens are fatal", () => {
    expect(read(`${SERVER}http: { listen: "127.0.0.1:1", token: !env NO_SUCH }`).config).toBeUndefined();
  });

  it("have three tags and no other", () => {
    expect(told(`${SERVER}gateway: { endpoint: !secret x }`)).toEqual([
      "! 2:22 : unknown tag !secret: only !env, !file and !credential mean something here",
    ]);
  });
});

describe("a problem as people read it", () => {
  it("shows the line, the place and what was meant", () => {
    const { problems } = readConfig(
      `${SERVER}adapters:\n  gnss: { type: serial, path: a, bauds: 9600 }\n`,
      "isthmus.yaml",
      { adapters, secrets: { env: () => undefined, file: () => "" } },
    );
    expect(problems.map(formatProblem)).toEqual([
      [
        "isthmus.yaml:3:34  adapters.gnss.bauds: unknown key",
        "     3 |   gnss: { type: serial, path: a, bauds: 9600 }",
        "       |                                  ^^^^^ did you mean `baud`?",
      ].join("\n"),
    ]);
  });

  it("cuts what surrounds the place out of a very long line", () => {
    const long = `${SERVER}adopt: [${"{ definition: a }, ".repeat(50)}{ x: 1 }]`;
    const text = read(long).problems.map(formatProblem)[0] ?? "";
    expect(Math.max(...text.split("\n").map((each) => each.length))).toBeLessThan(200);
    expect(text).toContain("{ x: 1 }");
  });
});

describe("a hostile file", () => {
  it("cannot multiply its aliases without end", () => {
    const levels = Array.from({ length: 20 }, (_, i) => `  a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`);
    const { config, problems } = read(`${SERVER}adapters:\n  a0: &a0 [1]\n${levels.join("\n")}\n`);
    expect(config).toBeUndefined();
    expect(problems.map((each) => each.message)).toContain("too many values");
  });

  it("cannot be endless", () => {
    expect(read("#".repeat(2_000_000)).problems[0]?.message).toBe("longer than 1000000 characters");
  });

  it("never makes the reader throw, whatever is done to a sound one", () => {
    const sound = `${SERVER}http: { listen: "127.0.0.1:8080", token: !env T }\nadapters:\n  gnss: { type: serial, path: a }\nsensors: [{ source: gnss/1 }]\n`;
    const pieces = [
      "{",
      "}",
      "[",
      ":",
      "\n",
      "&a ",
      "*a ",
      "!env ",
      "? ",
      "- ",
      '"',
      "\t",
      "null",
      "1e9",
      "__proto__: ",
    ];
    let seed = 7;
    const below = (limit: number) => (seed = (seed * 48_271) % 2_147_483_647) % limit;
    for (let run = 0; run < 2_000; run++) {
      const at = below(sound.length);
      const text = sound.slice(0, at) + pieces[below(pieces.length)]! + sound.slice(at + below(4));
      const { config, problems } = read(text, { T: "long enough" });
      if (!config) expect(problems.some((each) => each.fatal)).toBe(true);
      for (const problem of problems) expect(formatProblem(problem)).toContain("isthmus.yaml:");
    }
  });
});
