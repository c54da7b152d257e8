/** What a server may ask and a world may do, at random: each step is one of them, with whatever comes of it. */

import { codecOf, type Node } from "../../../src/content/index.ts";
import { depth, parsePath, path as pathOf, type Path, ROOT } from "../../../src/model/path.ts";
import type { ResourceType, ResourceValue } from "../../../src/model/value.ts";
import { testModels } from "../test-object.ts";
import { FAIR } from "./net.ts";
import type { Rig } from "./rig.ts";
import { snapshot } from "./truth.ts";

const GET = 1;
const POST = 2;
const PUT = 3;
const DELETE = 4;
const FETCH = 5;
const IPATCH = 7;
const OBJECTS = [1, 3, 4, 6, 3303, 3306, 3311, 33_605];
const ACCEPTS = [undefined, undefined, 0, 42, 60, 110, 110, 112, 112, 11_542, 11_542, 11_543, 11_544, 9_999];
const WRITES = [0, 42, 60, 110, 112, 11_542, 11_543, 11_544];
const ATTRIBUTES = ["pmin", "pmax", "gt", "lt", "st", "epmin", "epmax", "edge", "con", "hqmax", "nonsense"];
const encode = new TextEncoder();

type Step = (rig: Rig) => void | Promise<void>;

/** Weighted: what is listed twice happens twice as often. */
const STEPS: readonly Step[] = [
  ...Array<Step>(10).fill(read),
  ...Array<Step>(6).fill(observe),
  ...Array<Step>(3).fill(cancel),
  ...Array<Step>(8).fill(write),
  ...Array<Step>(3).fill(writeLong),
  ...Array<Step>(5).fill(attributes),
  ...Array<Step>(4).fill(execute),
  ...Array<Step>(3).fill(discover),
  ...Array<Step>(4).fill(createOrDelete),
  ...Array<Step>(6).fill(composite),
  ...Array<Step>(14).fill(measure),
  ...Array<Step>(3).fill(send),
  ...Array<Step>(3).fill(nonsense),
  ...Array<Step>(2).fill(instances),
  serverObject,
  serverObject,
  ping,
  update,
  jump,
];

/** One step and the time after it; `long`: sometimes minutes, hours or a day. */
export async function step(rig: Rig, long: boolean): Promise<void> {
  const { random, clock } = rig;
  await random.pick(STEPS)(rig);
  const wait = random.below(100);
  if (wait < 60) await clock.advance(2 + random.below(20));
  else if (wait < 90) await clock.advance(random.below(3_000));
  else if (!long || wait < 98) await clock.advance(random.below(60_000));
  else await clock.advance(random.below(wait === 98 || random.below(12) > 0 ? 600_000 : 30 * 3_600_000));
}

/** Network and server are well again, and time passes. */
export async function heal({ net, server, clock, client }: Rig): Promise<void> {
  net.weather = FAIR;
  server.temper = { slow: 0, moody: 0 };
  server.mute = false;
  await clock.advance(400_000);
  // Whoever was disabled for a day comes back.
  if (client.registration.state !== "registered") await clock.advance(87_000_000);
}

function anyPath({ random, tree }: Rig, level = 1 + random.below(4)): string {
  const entries = tree.entries(ROOT).map(([path]) => path);
  const known = random.below(10) < 7;
  const path: string = known
    ? random.pick(entries)
    : `/${random.pick(OBJECTS)}/${random.below(3)}/${random.below(30)}/${random.below(3)}`;
  const ids = path.split("/");
  return ids.slice(0, Math.min(level, ids.length - 1) + 1).join("/");
}

function read(rig: Rig): void {
  const { random, server } = rig;
  const accept = random.pick(ACCEPTS);
  const small = random.below(8) === 0 ? { options: [{ number: 23, value: Uint8Array.of(random.below(4)) }] } : {};
  const path =
    random.below(40) === 0
      ? random.pick(["/0", "/0/0", "/21/0", "/5/0", "/", "/a/b", "/3303/0/5700/0/1"])
      : anyPath(rig);
  const token = server.ask({
    code: GET,
    path,
    confirmable: random.below(6) > 0,
    ...(accept !== undefined && { accept }),
    ...small,
  });
  if ("options" in small) follow(rig, token, { path, accept });
}

/** Asks for the blocks that are left, one after the other (RFC 7959 §2.4). */
function follow(rig: Rig, token: string, { path, accept }: { path: string; accept: number | undefined }): void {
  const { server, clock } = rig;
  clock.after(20, () => {
    const answer = server.answers.get(token)?.at(-1);
    const block = answer?.options.find(({ number }) => number === 23)?.value.reduce((sum, byte) => sum * 256 + byte, 0);
    if (block === undefined || (block & 8) === 0) return;
    const next = ((block >> 4) + 1) * 16 + (block & 7);
    const value = Buffer.from(next.toString(16).padStart(next > 255 ? 4 : 2, "0"), "hex");
    const again = server.ask({
      code: GET,
      path,
      ...(accept !== undefined && { accept }),
      options: [{ number: 23, value }],
    });
    follow(rig, again, { path, accept });
  });
}

function observe(rig: Rig): void {
  const { random, server, looks } = rig;
  if (server.observes.size > 8) return;
  const accept = random.pick(ACCEPTS);
  const carried =
    looks.version() === "1.2" && random.below(4) === 0
      ? { query: [`pmin=${random.below(5)}`, `con=${random.below(2)}`] }
      : {};
  const confirmable = random.below(6) > 0;
  server.ask({
    code: GET,
    path: anyPath(rig),
    observe: 0,
    confirmable,
    ...(accept !== undefined && { accept }),
    ...carried,
  });
}

function cancel({ random, server }: Rig): void {
  const tokens = [...server.observes].filter(([, last]) => last !== undefined);
  if (tokens.length === 0) return;
  const [token, last] = random.pick(tokens);
  if (random.below(2) === 0 && last!.kind === "NON") {
    server.observes.delete(token);
    server.reset(last!.id);
  } else server.ask({ code: GET, path: "/3303/0/5700", observe: 1, token });
}

function anyValue({ random }: Rig, type: ResourceType): ResourceValue {
  const whole = [0, 1, -1, 22, 100, 127, 128, -129, 255, 256, 32_768, -32_769, 65_536, 2 ** 31, 2 ** 40, -(2 ** 40)];
  switch (type) {
    case "float":
      return random.pick([0, 22, -40, 21.5, 0.1, 1e-9, 123_456_789.125, -0.5, 3.4e38, 1e300, 65_504]);
    case "integer":
    case "time":
      return random.pick<number | bigint>([...whole, 2n ** 63n - 1n, -(2n ** 63n)]);
    case "unsigned":
      return random.pick<number | bigint>([...whole.filter((n) => n >= 0), 2n ** 64n - 1n, 2n ** 53n]);
    case "boolean":
      return random.below(2) === 1;
    case "opaque":
      return random.bytes(random.pick([0, 1, 3, 7, 8, 60, 300]));
    case "objlnk":
      return { object: random.below(65_536), instance: random.below(65_536) };
    default:
      return random.pick(["", "0", "on", "Küche", 'a "quoted" \\ thing', "x".repeat(260), "22.0", "</3>;x"]);
  }
}

/** A value for what is at a path, at the level at which values stand. */
function anyNode(rig: Rig, above: string): Node | undefined {
  const ids = above.split("/").slice(1).map(Number);
  const [object = 0, instance = 0] = ids;
  const model = testModels.object(object);
  const writable = [...(model?.resources.values() ?? [])].filter(({ operations }) => operations.includes("W"));
  const resource =
    ids[2] === undefined ? (writable.length > 0 ? rig.random.pick(writable) : undefined) : model?.resources.get(ids[2]);
  if (resource === undefined) return undefined;
  const deeper = resource.multiple ? [ids[3] ?? rig.random.below(4)] : [];
  return {
    path: pathOf(object, instance, resource.id, ...deeper),
    type: resource.type,
    value: anyValue(rig, resource.type),
  };
}

function bodyFor(rig: Rig, format: number, path: string): Uint8Array {
  const { random } = rig;
  if (random.below(8) === 0) return random.bytes(random.below(30));
  const base = parsePath(path) ?? ROOT;
  const count = depth(base) >= 3 ? 1 : 1 + random.below(3);
  const nodes = new Map<Path, Node>();
  for (let i = 0; i < count; i++) {
    const node = anyNode(rig, path);
    if (node !== undefined) nodes.set(node.path, node);
  }
  try {
    return codecOf(format)!.encode([...nodes.values()], base);
  } catch {
    return random.bytes(4);
  }
}

function write(rig: Rig): void {
  const { random, server } = rig;
  const object = random.pick([33_605, 33_605, 33_605, 3311, 3306, 3306, 3, 3303]);
  const ids = random.pick<readonly number[]>([[], [], [], random.below(4) === 0 ? [0] : []]).slice();
  const above = `/${object}/0${ids.map(() => "").join("")}`;
  const node = anyNode(rig, above);
  const path =
    random.below(3) === 0 || node === undefined
      ? above
      : node.path
          .split("/")
          .slice(0, 4 + random.below(2))
          .join("/");
  const format = random.pick(WRITES);
  const payload = bodyFor(rig, format, path);
  const code = random.below(3) === 0 ? POST : PUT;
  unchanged(rig, server.ask({ code, path, format, payload }));
}

/** What is refused must leave everything as it was; looked at when the answer has come at once. */
function unchanged(rig: Rig, token: string): void {
  const { server, clock, looks, judge, net } = rig;
  if (net.weather.loss > 0 || net.weather.delay > 1) return;
  let before = "";
  // The request is there after one millisecond, and its answer after two.
  clock.after(0, () => (before = snapshot(looks)));
  clock.after(2, () => {
    const answer = server.answers.get(token)?.[0];
    if (answer !== undefined && answer.code >> 5 === 4 && snapshot(looks) !== before)
      judge.faults.push(`E62, E63: something has changed in spite of ${answer.code.toString(16)} to ${token}`);
  });
}

function writeLong(rig: Rig): void {
  const { random, server, clock } = rig;
  const body = random.bytes(random.pick([40, 200, 64, 1_000]));
  const exponent = random.below(3);
  const size = 16 << exponent;
  const blocks = Math.ceil(body.length / size);
  const mistake = random.below(4) === 0 ? random.below(blocks) : -1;
  for (let i = 0; i < blocks; i++) {
    const number = i === mistake ? i + 2 : i;
    const value = number * 16 + (i + 1 < blocks ? 8 : 0) + exponent;
    const options = [
      {
        number: 27,
        value: Buffer.from(value === 0 ? "" : value.toString(16).padStart(value > 255 ? 4 : 2, "0"), "hex"),
      },
    ];
    const payload = body.subarray(i * size, (i + 1) * size);
    clock.after(1 + 3 * i, () => server.ask({ code: PUT, path: "/33605/0/10", format: 42, payload, options }));
  }
}

function attributes(rig: Rig): void {
  const { random, server } = rig;
  const query = Array.from({ length: 1 + random.below(3) }, () => {
    const name = random.pick(ATTRIBUTES);
    return random.below(5) === 0 ? name : `${name}=${random.pick([0, 1, 2, 5, 10, 30, 60, -5, 22.5, 1e9])}`;
  });
  server.ask({ code: PUT, path: anyPath(rig), query });
}

function execute(rig: Rig): void {
  const { random, server } = rig;
  const path = random.pick([
    "/33605/0/2",
    "/33605/0/9",
    "/3303/0/5605",
    "/3/0/4",
    "/3/0/5",
    "/1/0/8",
    "/3303/0/5700",
    "/33605/0/2/0",
  ]);
  const words = random.pick(["", "0", "0='on',1", "1='3',2='-4'", "0=on", ",", "0='a,b',9"]);
  const format = random.pick([undefined, 0, 42]);
  server.ask({
    code: POST,
    path,
    payload: encode.encode(words),
    ...(format !== undefined && words !== "" && { format }),
  });
}

function discover(rig: Rig): void {
  const { random, server } = rig;
  const query = random.below(4) === 0 ? { query: [`depth=${random.below(5)}`] } : {};
  server.ask({ code: GET, path: anyPath(rig, random.below(5)), accept: 40, ...query });
}

function createOrDelete(rig: Rig): void {
  const { random, server } = rig;
  const instance = random.below(6);
  if (random.below(2) === 0) {
    server.ask({
      code: DELETE,
      path: random.pick([`/33605/${instance}`, `/33605/${instance}`, "/3303/0", "/3/0", "/33605/0/3/1", "/33605"]),
    });
    return;
  }
  const format = random.pick([undefined, 110, 112, 11_542, 0]);
  if (format === undefined) unchanged(rig, server.ask({ code: POST, path: "/33605" }));
  else
    unchanged(
      rig,
      server.ask({
        code: POST,
        path: "/33605",
        format,
        payload: bodyFor(rig, format === 0 ? 110 : format, `/33605/${instance}`),
      }),
    );
}

function composite(rig: Rig): void {
  const { random, server } = rig;
  const format = random.pick([110, 112, 320, 322, 11_544, 60]);
  if (random.below(3) === 0) {
    const writes = [
      ...new Map(
        Array.from({ length: 1 + random.below(3) }, () => anyNode(rig, `/${random.pick([33_605, 3311])}/0`)).flatMap(
          (node) => (node ? [[node.path, node] as const] : []),
        ),
      ).values(),
    ];
    const codec = codecOf(format === 320 ? 110 : format === 322 ? 112 : format) ?? codecOf(110)!;
    const payload = random.below(8) === 0 || !codec.structured ? random.bytes(9) : codec.encode(writes, ROOT);
    unchanged(rig, server.ask({ code: IPATCH, path: "/", format, payload }));
    return;
  }
  const paths = Array.from({ length: 1 + random.below(4) }, () => anyPath(rig));
  const payload = encode.encode(JSON.stringify(paths.map((n) => ({ n }))));
  const observes = random.below(3) === 0 && server.observes.size <= 8 ? ({ observe: 0 } as const) : {};
  const accept = random.pick([undefined, 110, 112, 11_544, 0]);
  const asked = format === 320 ? 320 : 110;
  server.ask({ code: FETCH, path: "/", format: asked, payload, ...observes, ...(accept !== undefined && { accept }) });
}

function measure(rig: Rig): void {
  const { random, tree, clock } = rig;
  const at = clock.now();
  const any = random.below(10);
  if (any < 6) tree.set(pathOf(3303, random.below(3), 5700), random.below(60) - 20 + random.pick([0, 0.5, 0.25]), at);
  else if (any < 7) tree.set(pathOf(3306, 0, 5850), random.below(2) === 1, at);
  else if (any < 8) tree.set(pathOf(4, 0, 2), -random.below(100), at);
  else if (any < 9)
    tree.setInstances(
      pathOf(3, 0, 7),
      Array.from({ length: random.below(4) }, () => random.below(5_000)),
      at,
    );
  else if (tree.hasInstance(pathOf(3303, 2)))
    tree.setAll([5700, 5601, 5602].map((id) => ({ path: pathOf(3303, 2, id), value: random.below(40), at })));
}

function send({ random, client, clock, looks }: Rig): void {
  const at = { ms: clock.now().ms - random.below(100_000), trusted: true };
  const later = { ms: at.ms + 500, trusted: true };
  const where = pathOf(3303, 0, 5700);
  const format = random.pick([undefined, 110, 112, 11_544]);
  const options = format === undefined ? {} : { format };
  if (random.below(2) === 0) void client.send([pathOf(3303, 0), pathOf(3, 0, 9)], options);
  else {
    looks.orderly = false;
    void client.send(
      [
        { path: where, value: 20, at },
        { path: where, value: 20.5, at: later },
      ],
      options,
    );
  }
}

function nonsense({ random, server }: Rig): void {
  const any = random.below(5);
  if (any === 0) server.raw(random.bytes(1 + random.below(40)));
  else if (any === 1)
    server.ask({
      code: GET,
      path: "/3/0/0",
      options: [{ number: 2_049, value: Uint8Array.of(1) }],
      confirmable: random.below(2) === 0,
    });
  else if (any === 2) server.ask({ code: 6, path: "/3/0/0" });
  else if (any === 3) server.ask({ code: 31, path: "/3" });
  else server.reset(random.below(65_536));
}

function instances({ random, tree, clock }: Rig): void {
  const extra = pathOf(3303, 3 + random.below(2));
  if (tree.hasInstance(extra)) tree.removeInstance(extra);
  else {
    tree.addInstance(extra);
    tree.set(pathOf(3303, 3, 5700), 1, clock.now());
  }
}

function serverObject({ random, server, looks }: Rig): void {
  const flag = random.below(2);
  const [id, value] = random.pick<readonly [number, string]>([
    [1, random.pick(["60", "300", "120", "0", "abc"])],
    [2, `${random.below(5)}`],
    [3, `${random.below(90)}`],
    [5, "20"],
    [6, `${flag}`],
    [7, random.pick(["U", "UQ", "US", "M"])],
    [23, `${flag}`],
    [26, `${flag}`],
  ]);
  if (random.below(6) === 0) server.ask({ code: POST, path: "/1/0/4" });
  else if (id !== 23 || looks.version() !== "1.0")
    server.ask({ code: PUT, path: `/1/0/${id}`, format: 0, payload: encode.encode(value) });
}

function ping({ random, server }: Rig): void {
  server.raw(Uint8Array.of(0x40, 0, random.below(256), random.below(256)));
}

function update({ client }: Rig): void {
  client.update();
}

function jump({ random, clock, looks }: Rig): void {
  looks.orderly = false;
  clock.jump(random.pick([3_600_000, -3_600_000, 1_000, -500]));
}
