/** Where the command writes, and what that place can show. */

export interface Terminal {
  /** Results: what a script would read. */
  readonly out: (text: string) => void;
  /** Everything said to a person besides the result. */
  readonly err: (text: string) => void;
  /** Settles when the reader of `out` has room again: whoever writes without end must not pile it up. */
  readonly drained: () => Promise<void>;
  readonly color: boolean;
  /** Columns. */
  readonly width: number;
}

export type Style = "bold" | "dim" | "red" | "yellow" | "green";

const SGR: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
};

const DEFAULT_WIDTH = 100;
const NARROWEST = 40;

interface Stream {
  write(text: string): unknown;
  once?(event: "drain", listener: () => void): unknown;
  readonly writableNeedDrain?: boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Colour only on a terminal, and never where NO_COLOR is set to anything or TERM is dumb. */
export function terminal(out: Stream, err: Stream, env: NodeJS.ProcessEnv): Terminal {
  const plain = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return {
    out: (text) => void out.write(text),
    err: (text) => void err.write(text),
    drained: () =>
      out.writableNeedDrain === true ? new Promise((resolve) => void out.once?.("drain", resolve)) : Promise.resolve(),
    color: out.isTTY === true && !plain,
    width: Math.max(NARROWEST, out.columns ?? DEFAULT_WIDTH),
  };
}

export function styled(text: string, style: Style, { color }: Pick<Terminal, "color">): string {
  if (!color || text === "") return text;
  const [on, off] = SGR[style];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

/** What strangers could steer a terminal with, or turn the order of what is read: control characters, bidirectional marks. */
export const UNSHOWN = /[\p{Cc}\p{Bidi_Control}]/gu;

/** Cuts to the width, and shows that it did. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(1, width - 1))}…`;
}
