/** An ending that a person must be told of: what is wrong, where, and what to do. */

import { ExitCode } from "./exit-code.ts";

export interface Complaint {
  /** One line: what is wrong. */
  readonly what: string;
  /** A file with line and column, a folder, an address. */
  readonly where?: string;
  /** What to do about it. */
  readonly next?: string;
  readonly exitCode?: ExitCode;
}

export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly complaint: Complaint;

  constructor(complaint: Complaint) {
    super(complaint.what);
    this.complaint = complaint;
  }

  get exitCode(): ExitCode {
    return this.complaint.exitCode ?? ExitCode.Problem;
  }
}

/** Two or three lines for the terminal. */
export function complain({ what, where, next }: Complaint): string {
  let text = `isthmus: ${what}\n`;
  if (where !== undefined) text += `  where    ${where}\n`;
  if (next !== undefined) text += `  to do    ${next}\n`;
  return text;
}

/** What went wrong, in words, whatever was thrown. Node's own prefixes ("EACCES: ") stay: they can be searched for. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (error instanceof Error) {
    const inner = error.cause === undefined ? "" : reasonOf(error.cause);
    const own = error.message.split("\n")[0] ?? "";
    return inner === "" || own.includes(inner) ? own || error.name : `${own}: ${inner}`;
  }
  return String(error);
}

/** The `code` that Node puts on errors of the system, such as ENOENT. */
export function systemCode(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return systemCode(error.errors[0]);
  if (!(error instanceof Error)) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  return systemCode(error.cause);
}
