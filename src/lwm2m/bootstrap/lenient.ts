/** Decoding of what a Bootstrap-Server writes: it may know Resources that we do not (LwM2M Core 1.2 §6.1.7.5). */

import { DecodeError } from "../../base/bytes.ts";
import type { Codec, ModelOf, Node } from "../../content/index.ts";
import type { ResourceModel } from "../../model/objects.ts";
import { depth, type Path } from "../../model/path.ts";
import type { ResourceType } from "../../model/value.ts";

/** What an unknown value could be, in the order of trying: TLV takes anything for opaque, SenML shows the type. */
const GUESSES: readonly ResourceType[] = ["opaque", "string", "float", "unsigned", "integer", "boolean", "objlnk"];
/** More unknown Resources than this are no oversight any more. */
const MAX_UNKNOWN = 16;
const RESOURCE_INSTANCE = 4;

/**
 * Decodes as the codec does, but passes over Resources that have no model, whatever their type.
 * @throws DecodeError as the codec does for all others.
 */
export function decodeLeniently(codec: Codec, bytes: Uint8Array, base: Path, model: ModelOf): Node[] {
  const unknown = new Map<Path, number>();
  let newest: Path | undefined;
  const guessing: ModelOf = (path) => {
    const known = model(path);
    newest = undefined;
    if (known !== undefined) return known;
    if (!unknown.has(path) && unknown.size >= MAX_UNKNOWN) throw new DecodeError(`${path}: too much that is unknown`);
    newest = path;
    const guess = unknown.get(path) ?? 0;
    unknown.set(path, guess);
    return imagined(path, GUESSES[guess] ?? "opaque");
  };
  for (;;) {
    try {
      return codec.decode(bytes, base, guessing).filter(({ path }) => !unknown.has(path));
    } catch (error) {
      // The value after the last question was not of the type guessed: the next guess, while there are any.
      const failed = newest;
      const guess = failed === undefined ? GUESSES.length : (unknown.get(failed) ?? 0) + 1;
      if (!(error instanceof DecodeError) || failed === undefined || guess >= GUESSES.length) throw error;
      unknown.set(failed, guess);
      newest = undefined;
    }
  }
}

function imagined(path: Path, type: ResourceType): ResourceModel {
  const multiple = depth(path) === RESOURCE_INSTANCE;
  return { id: 0, name: "unknown", type, operations: "RW", multiple, mandatory: false };
}
