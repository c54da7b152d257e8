/** Long opaque values that are taken block by block as they come (LwM2M Core 1.1 §6.3.3, RFC 7959 §2.5). */

import { Code, type Reply, type Upload, type UploadHead } from "../../coap/index.ts";
import { Format } from "../../content/index.ts";
import { depth, parsePath, type Path } from "../../model/path.ts";
import { Right } from "../access.ts";
import type { BodySink, UploadHandler, Verdict, WriteHandler } from "../handlers.ts";
import type { View } from "../view.ts";
import { instanceOf } from "../view.ts";
import { settled, verdictReply } from "./verdict.ts";

/** Undefined: the body comes whole, as that of any Write. */
export function chooseUpload(view: View, head: UploadHead): Upload | Reply | undefined {
  if (head.code !== Code.PUT || head.format !== Format.Opaque) return undefined;
  const where = parsePath(`/${head.path.join("/")}`);
  const handler = where === undefined ? undefined : view.tree.uploadHandler(where);
  if (where === undefined || handler === undefined || depth(where) < 3) return undefined;
  if (!view.has(instanceOf(where))) return { code: Code.NotFound };
  if (!view.permits(where, Right.Write)) return { code: Code.Unauthorized };
  const sink = handler(where, head.size);
  return "chunk" in sink ? uploadInto(view, sink) : verdictReply(view.clock, sink);
}

function uploadInto(view: View, sink: BodySink): Upload {
  const { max } = sink;
  return {
    ...(max !== undefined && { max }),
    chunk: (bytes, offset) => {
      const reply = verdictReply(view.clock, sink.chunk(bytes, offset));
      return reply.code === Code.Changed ? undefined : reply;
    },
    done: () => settled(view.clock, sink.done(), (reply) => reply),
    aborted: () => sink.aborted(),
  };
}

/** The same for a value that has come whole, in whatever format. */
export function wholeBody(handler: UploadHandler): WriteHandler {
  return (path: Path, value) => {
    if (!(value instanceof Uint8Array)) return { status: "rejected", reason: `${path} takes octets` };
    const sink = handler(path, value.length);
    if (!("chunk" in sink)) return sink;
    if (value.length > (sink.max ?? Infinity)) {
      sink.aborted();
      return { status: "rejected", reason: `no more than ${sink.max} bytes` };
    }
    const refused = value.length === 0 ? undefined : refusalOf(sink.chunk(value, 0));
    return refused ?? sink.done();
  };
}

function refusalOf(verdict: Verdict): Verdict {
  return verdict?.status === "done" ? undefined : verdict;
}
