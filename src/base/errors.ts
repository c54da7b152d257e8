/** What operating systems and drivers report, told apart by their codes. */

/** The code of a system error, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** A handshake that the other end has refused, and said so by an alert. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  /** By its number (RFC 5246 §7.2). */
  readonly alert: number;

  constructor(message: string, alert: number) {
    super(message);
    this.alert = alert;
  }
}

/** With which alert the other end of a way refused us, 0 to 255 (RFC 5246 §7.2); undefined where it did not. */
export function alertOf(error: unknown): number | undefined {
  return error instanceof Error && "alert" in error && typeof error.alert === "number" ? error.alert : undefined;
}

/** Whether a file or folder is not there. */
export function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT";
}

/** An error in one line of words; for what is thrown by others and may be anything. */
export function words(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Connecting to a name with several addresses fails with one error per address and no message of its own.
  if (error instanceof AggregateError && error.message === "") return error.errors.map(words).join("; ");
  return error.message.split("\n", 1)[0] ?? error.name;
}
