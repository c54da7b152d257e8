/** How fast the device library is, in this process, on one core: frames in memory, no radio, no broker. */

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { goldenFrame } from "../dist/library/golden-frame.js";
import { loadDevices } from "../dist/library/load.js";
import { rate } from "./codecs.js";
import { strangers } from "./strangers.js";

const LOADS = 3;

export function libraryRates(ms) {
  const { library } = loadDevices();
  const frames = readable(library);
  const adverts = frames.filter(({ payload }) => payload.kind === "advert");
  const messages = frames.filter(({ payload }) => payload.kind === "message" && payload.body[0] === 0x7b);
  const unknown = strangers();
  const known = unknown.filter((frame) => library.match(frame) !== undefined);
  if (known.length > 0) throw new Error(`${known.length} of the unknown adverts are known`);
  return {
    definitions: [...library.devices()].length,
    known: inTurn(adverts, (frame) => library.match(frame).decode(frame), ms),
    unknown: inTurn(unknown, (frame) => library.match(frame), ms),
    messages: inTurn(messages, (frame) => readMessage(library, frame), ms),
    loadMs: Math.min(...Array.from({ length: LOADS }, loadOnce)),
  };
}

/** Golden frames that are read as they stand, without a key or anything heard before. */
function readable(library) {
  return [...library.compiled()].flatMap(({ definition }) =>
    definition.tests.flatMap((test) => {
      if (test.error ?? test.state ?? test.key ?? test.before ?? test.match !== undefined) return [];
      const frame = goldenFrame(definition, test);
      return frame && library.match(frame)?.id === definition.id && isRead(library, frame) ? [frame] : [];
    }),
  );
}

function isRead(library, frame) {
  try {
    return library.match(frame).decode(frame) !== undefined;
  } catch {
    return false;
  }
}

/** As a broker brings it: bytes that nobody has seen before. */
function readMessage(library, { payload, ...frame }) {
  const fresh = { ...frame, payload: { ...payload, body: payload.body.slice() } };
  const device = library.match(fresh);
  for (const part of device.parts(fresh)) device.decode(part);
}

function inTurn(frames, work, ms) {
  let next = 0;
  return rate(() => {
    work(frames[next]);
    next = next + 1 === frames.length ? 0 : next + 1;
  }, ms);
}

/** A process of its own for each: the second time, code and files are warm. */
function loadOnce() {
  const script = fileURLToPath(new URL("./library-load.js", import.meta.url));
  return Number(spawnSync(process.execPath, [script], { encoding: "utf8" }).stdout);
}
