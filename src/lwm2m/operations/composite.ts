/** Read-Composite, Observe-Composite and Write-Composite (LwM2M Core 1.1 §6.3.8, §6.3.9, §6.4.4). */

import { Code, CoapError, type IncomingRequest, type Reply } from "../../coap/index.ts";
import { type Codec, codecOf, decodePatch, decodePaths, Format } from "../../content/index.ts";
import { contains, depth, type Path, ROOT } from "../../model/path.ts";
import { Right } from "../access.ts";
import type { MaybeLater } from "../handlers.ts";
import { compositeContents } from "../reporting/contents-watch.ts";
import { baseOf, namedBy } from "../prefixed.ts";
import { contentReply, tellsTime, timed } from "../representation.ts";
import { comparePaths } from "../values.ts";
import { instanceOf, isForbidden, type View } from "../view.ts";
import { checkPlace, checkWritable, merging, planned, writerAt } from "./plan.ts";
import { carryOut, modelsOf, refusing } from "./write.ts";

/** What a composite request asks for, and in what format it wants to see it. */
export interface CompositeQuestion {
  /** In ascending order, none below another. */
  readonly paths: readonly Path[];
  readonly codec: Codec;
}

/** The formats that requests are answered in when they do not say (§7.4.5): SenML has no answer in SenML-ETCH (RFC 8790 §3). */
const ANSWERED_IN: ReadonlyMap<number, number> = new Map([
  [Format.SenmlJson, Format.SenmlJson],
  [Format.SenmlEtchJson, Format.SenmlJson],
  [Format.SenmlCbor, Format.SenmlCbor],
  [Format.SenmlEtchCbor, Format.SenmlCbor],
  [Format.LwM2mCbor, Format.LwM2mCbor],
]);

/** What a FETCH asks for, or the refusal. */
export function readQuestion(view: View, { format, accept, payload }: IncomingRequest): CompositeQuestion | Reply {
  const answered = answeredIn(view, format);
  if (format === undefined || answered === undefined) return { code: Code.UnsupportedContentFormat };
  const wanted = accept ?? answered;
  const plain = answeredIn(view, wanted) === wanted ? codecOf(wanted) : undefined;
  if (plain === undefined) return { code: Code.NotAcceptable };
  const paths = decodePaths(format, payload, baseOf(view.prefix)) ?? [];
  if (paths.length === 0) return { code: Code.BadRequest, diagnostic: "no path" };
  // Keys are never shown; who asks for nothing else is told so, who asks for more gets the rest.
  if (paths.every(isForbidden)) return { code: Code.Unauthorized };
  return { paths: outermost(paths.filter((path) => !isForbidden(path))), codec: namedBy(view, plain) };
}

/** What is there of what was asked for: what is not, is left out, and so is what this server may not see (§6.3.8; E61). */
export function readComposite(view: View, question: CompositeQuestion): Reply {
  const { paths, codec } = question;
  const found = compositeContents(view, paths);
  if (found.nodes.length === 0 && paths.every((where) => isHidden(view, where))) return { code: Code.Unauthorized };
  // One time for all of them, so only where all of them are measured.
  const tells = paths.every((where) => where !== ROOT && tellsTime(where));
  return contentReply(codec, tells ? timed({ ...found, codec }, view.clock) : found.nodes, ROOT);
}

/** Everything in every Instance is checked, then done: nothing of it if anything is refused (§6.3.9; E62). */
export function writeComposite(view: View, { format, payload, signal }: IncomingRequest): MaybeLater<Reply> {
  return refusing(() => {
    const known = format !== undefined && answeredIn(view, format) !== undefined;
    const patch = known ? decodePatch(format, payload, modelsOf(view), baseOf(view.prefix)) : undefined;
    if (patch === undefined) return { code: Code.UnsupportedContentFormat };
    const plan = planned(view, patch.set);
    for (const where of patch.removed) {
      checkPlace(view, where);
      checkWritable(view, where);
      if (writerAt(view, where) !== "tree")
        throw new CoapError(Code.MethodNotAllowed, `${where} cannot be removed on this device`);
      plan.removed.push(where);
    }
    merging(view, plan);
    return carryOut(view, plan, signal);
  });
}

/** What a composite request of this format is answered in; SenML-ETCH and LwM2M CBOR are of LwM2M 1.2 (§7.4). */
function answeredIn(view: View, format: number | undefined): number | undefined {
  if (format === undefined) return undefined;
  const isOld = format === Format.SenmlJson || format === Format.SenmlCbor;
  return isOld || view.version === "1.2" ? ANSWERED_IN.get(format) : undefined;
}

/** Whether it is there, but not for this server to see. */
function isHidden(view: View, where: Path): boolean {
  return depth(where) >= 2 && view.has(instanceOf(where)) && !view.permits(where, Right.Read);
}

/** In ascending order, each once, and none that lies within another: `/3` holds `/3/0/9` already. */
function outermost(paths: readonly Path[]): Path[] {
  const sorted = [...new Set(paths)].sort(comparePaths);
  const kept: Path[] = [];
  for (const path of sorted) if (!kept.some((outer) => contains(outer, path))) kept.push(path);
  return kept;
}
