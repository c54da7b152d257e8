/** How the command ends, for scripts: after sysexits(3) where that has a number. */

export const ExitCode = {
  Done: 0,
  /** Something was looked for and found wrong, or the daemon failed. */
  Problem: 1,
  Usage: 2,
  /** EX_UNAVAILABLE: the daemon cannot be reached. */
  Unavailable: 69,
  /** EX_CONFIG */
  Config: 78,
  /** Ended by the user's second Ctrl-C, as shells count it: 128 + SIGINT. */
  Interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
