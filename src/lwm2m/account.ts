/** One server as one client sees it: the Security and Server Objects in our words (LwM2M Core 1.2 Appendix E.1, E.2). */

export interface Account {
  /** `coap://host:port`. */
  readonly uri: string;
  /** Seconds until the server forgets a client that does not update. */
  readonly lifetime: number;
  /** /1/x/0, 1 to 65534. */
  readonly shortServerId: number;
  /** Seconds; /1/x/2 and /1/x/3. */
  readonly defaultMinimumPeriod?: number;
  readonly defaultMaximumPeriod?: number;
  /** Seconds away after Disable was executed; /1/x/5, a day unless said otherwise. */
  readonly disableTimeout?: number;
  /** Whether notifications are kept while the server cannot be reached; /1/x/6. */
  readonly storing?: boolean;
  /** The version spoken: 1.1 unless the server knows only 1.0. */
  readonly version?: "1.0" | "1.1";
}

/** What the outside may know of a registration. Times in milliseconds since 1970 UTC. */
export interface RegistrationSnapshot {
  readonly state: "off" | "registering" | "registered" | "updating" | "waiting";
  readonly server: string;
  readonly since?: number;
  readonly location?: string;
  /** Seconds. */
  readonly lifetime: number;
  readonly observations: number;
  /** The last error in words, until the next success: "4.03 Forbidden: unknown endpoint", "no answer in 93 s". */
  readonly lastError?: string;
  readonly nextAttemptAt?: number;
  readonly lastAnswerAt?: number;
}
