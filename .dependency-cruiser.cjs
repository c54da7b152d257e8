/**
 * The doors of the house: which room may open which, and why. `npm run check:layers` holds them.
 * A room is a folder of src/; everything may use `base`, and `base` uses nothing.
 */
const DOORS = {
  base: { opens: [], because: "the ground has no opinions and leans on nobody" },
  model: { opens: [], because: "the nouns of LwM2M are data without behaviour" },
  sdk: { opens: [], because: "a plugin author must be able to read the API without the house" },
  io: { opens: [], because: "drivers know bytes, not what they mean" },
  config: { opens: [], because: "every room defines its own options; config only reads the file" },
  coap: { opens: [], because: "CoAP has never heard of LwM2M, so that it can be lifted out whole" },
  dtls: { opens: [], because: "DTLS has never heard of CoAP, so that it can be lifted out whole" },
  oscore: { opens: ["coap"], because: "OSCORE protects CoAP messages, and knows nobody who sends them" },
  content: { opens: ["model"], because: "content formats are bytes and nodes, wherever they travel" },
  host: { opens: ["sdk"], because: "the host runs adapters through the plugin API alone" },
  adapters: { opens: ["sdk", "io"], because: "an adapter knows its wire; units and Objects are the library's" },
  library: { opens: ["sdk", "model"], because: "definitions know frames and Objects, no radio and no server" },
  lwm2m: { opens: ["model", "content", "coap"], because: "the client engine knows CoAP and no sensor" },
  dial: {
    opens: ["io", "coap", "dtls", "oscore", "lwm2m"],
    because: "an account becomes a way to its server, in one place for the daemon and for programs of their own",
  },
  gateway: { opens: ["sdk", "model", "library", "lwm2m"], because: "the one room where both wings meet" },
  http: { opens: ["gateway"], because: "the page sees the snapshot the gateway gives, nothing behind it" },
  lab: { opens: ["model", "content"], because: "the lab server must be independent of our own CoAP engine" },
  cli: { opens: ["http", "config", "library", "lab"], because: "commands are thin; the daemon builds the house" },
};

/** Rooms with a face are entered through their index.ts only. */
const FACED = [
  "coap",
  "dtls",
  "oscore",
  "dial",
  "content",
  "lwm2m",
  "library",
  "host",
  "config",
  "gateway",
  "http",
  "lab",
  "adapters",
];

const doors = Object.entries(DOORS).map(([room, { opens, because }]) => ({
  name: `door-of-${room}`,
  comment: because,
  severity: "error",
  from: { path: `^src/${room}/` },
  to: {
    path: "^src/",
    pathNot: [`^src/(${[room, "base", ...opens].join("|")})/`, ...(room === "cli" ? ["^src/daemon\\.ts$"] : [])],
  },
}));

const faces = FACED.map((room) => ({
  name: `face-of-${room}`,
  comment: "a machine is entered through its face, so that its inside can change",
  severity: "error",
  from: { path: "^src/", pathNot: `^src/${room}/` },
  to: { path: `^src/${room}/`, pathNot: `^src/${room}/index\\.ts$` },
}));

const ownFaces = FACED.map((room) => ({
  name: `no-own-face-in-${room}`,
  comment: "a file that imports its own room's face closes a circle",
  severity: "error",
  from: { path: `^src/${room}/` },
  to: { path: `^src/${room}/index\\.ts$` },
}));

/** Which parts of the outside world only some rooms may touch. */
const only = (name, what, rooms, comment) => ({
  name: `only-${name}`,
  comment,
  severity: "error",
  from: { path: "^src/", pathNot: rooms },
  to: { path: what },
});

module.exports = {
  forbidden: [
    {
      name: "no-circle",
      comment: "a type that two files want of each other belongs in a third, one floor down",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "daemon-is-the-roof",
      comment: "only the command line starts the whole house",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(cli/|daemon\\.ts)" },
      to: { path: "^src/daemon\\.ts$" },
    },
    {
      name: "engine-is-a-roof",
      comment: "what the engine needs from the outside is put together for programs beyond this house",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/engine\\.ts$" },
      to: { path: "^src/(engine|thing)\\.ts$" },
    },
    ...doors,
    ...faces,
    ...ownFaces,
    only(
      "io-has-drivers",
      "^(dgram|node:dgram|tls|node:tls|net|node:net)$|node_modules/(serialport|@abandonware|mqtt|koffi)/",
      "^src/io/",
      "sockets and drivers live in one room, each with a fake in test/",
    ),
    only(
      "io-has-processes",
      "^(node:)?child_process$",
      "^src/(io|host)/",
      "child processes are the host's and systemd's",
    ),
    only(
      "few-touch-files",
      "^(node:)?fs(/promises)?$",
      "^src/(io|config|cli)/|^src/library/load\\.ts$",
      "files come in by the hand",
    ),
    only(
      "lab-has-node-coap",
      "node_modules/coap/",
      "^src/lab/",
      "node-coap plays the other end of the wire; our own engine plays ours",
    ),
    {
      name: "resolvable",
      comment: "an import that cannot be found is a mistake, not a door",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^src/http/page/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
