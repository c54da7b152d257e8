/**
 * What resumes sessions, by server and endpoint, kept over restarts: a text that holds secrets and belongs in a private file.
 *
 * Sessions are kept, associations never: the keys of an association must not meet one nonce twice (RFC 6655 §3), and
 * nobody could say after a crash which was the last.
 */

import type { SavedSession } from "../base/association.ts";
import { BoundedMap } from "../base/bounded.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { words } from "../base/errors.ts";
import type { Log } from "../base/log.ts";

/** Where the text is kept; the file of it is its owner's alone to read. */
export interface SessionFile {
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
}

export interface SessionStoreOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Without one, sessions end with the process. */
  readonly file?: SessionFile;
}

/** Sessions held; of more, those that were used longest ago are forgotten, and their endpoints shake hands in full. */
const MAX_SESSIONS = 20_000;
/** Nobody resumes what is older (RFC 5246 §F.1.4). */
const MAX_AGE_MS = 24 * 3_600_000;
/** Changes are written together: flash wears out, and a session that is lost costs one handshake. */
const WRITE_AFTER_MS = 30_000;
const FORMAT = 1;
const MASTER_SECRET_LENGTH = 48;
const MAX_ID_LENGTH = 32;

export class SessionStore {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #file: SessionFile | undefined;
  /** One packed text each: a tenth of what objects and arrays of the same would hold. */
  readonly #packed = new BoundedMap<string, string>(MAX_SESSIONS);
  #writing: Timer | undefined;

  constructor({ clock, log, file }: SessionStoreOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#file = file;
  }

  /** Takes up what was kept. Never rejects: what cannot be read is as good as nothing, and costs a handshake each. */
  async load(): Promise<void> {
    try {
      const text = await this.#file?.read();
      if (text === undefined) return;
      for (const [key, packed] of entriesOf(JSON.parse(text)))
        if (unpacked(packed) !== undefined) this.#packed.set(key, packed);
    } catch (error) {
      this.#log.warn("sessions-not-read", { reason: words(error) });
    }
  }

  get size(): number {
    return this.#packed.size;
  }

  get(server: string, endpoint: string): SavedSession | undefined {
    const key = keyOf(server, endpoint);
    const packed = this.#packed.get(key);
    const found = packed === undefined ? undefined : unpacked(packed);
    if (found === undefined) return undefined;
    const { ms, trusted } = this.#clock.now();
    // While the clock is not set, nobody can say how old a session is; the server can, and shakes hands in full then.
    if (!trusted || ms - found.madeAt < MAX_AGE_MS) return found.session;
    this.delete(server, endpoint);
    return undefined;
  }

  set(server: string, endpoint: string, session: SavedSession): void {
    this.#packed.set(keyOf(server, endpoint), packedOf(session, this.#clock.now().ms));
    this.#changed();
  }

  delete(server: string, endpoint: string): void {
    if (this.#packed.delete(keyOf(server, endpoint))) this.#changed();
  }

  /** Writes what has not been written yet. Never rejects. */
  async close(): Promise<void> {
    if (this.#writing !== undefined) await this.#write();
  }

  #changed(): void {
    if (this.#file !== undefined) this.#writing ??= this.#clock.after(WRITE_AFTER_MS, () => void this.#write());
  }

  async #write(): Promise<void> {
    this.#writing?.cancel();
    this.#writing = undefined;
    const sessions = Object.fromEntries(this.#packed.entries());
    try {
      await this.#file?.write(JSON.stringify({ version: FORMAT, sessions }));
    } catch (error) {
      this.#log.warn("sessions-not-kept", { reason: words(error) });
    }
  }
}

/** No URI has a blank in it. */
const keyOf = (server: string, endpoint: string): string => `${server} ${endpoint}`;

function entriesOf(json: unknown): [string, string][] {
  if (typeof json !== "object" || json === null || !("version" in json && "sessions" in json)) return [];
  const { version, sessions } = json;
  if (version !== FORMAT || typeof sessions !== "object" || sessions === null) return [];
  return Object.entries(sessions).filter((entry): entry is [string, string] => typeof entry[1] === "string");
}

function packedOf({ id, masterSecret, suite, extendedMasterSecret, credentials }: SavedSession, madeAt: number) {
  const bytes = new ByteWriter(160)
    .f64(madeAt)
    .u16(suite)
    .u8(extendedMasterSecret ? 1 : 0)
    .u8(id.length)
    .bytes(id)
    .bytes(masterSecret)
    .bytes(Buffer.from(credentials))
    .finish();
  return Buffer.from(bytes).toString("base64");
}

function unpacked(text: string): { session: SavedSession; madeAt: number } | undefined {
  try {
    const reader = new ByteReader(new Uint8Array(Buffer.from(text, "base64")));
    const madeAt = reader.f64();
    const suite = reader.u16();
    const extendedMasterSecret = reader.u8() === 1;
    const length = reader.u8();
    if (length === 0 || length > MAX_ID_LENGTH) return undefined;
    const id = reader.bytes(length);
    const masterSecret = reader.bytes(MASTER_SECRET_LENGTH);
    const credentials = Buffer.from(reader.rest()).toString();
    return { madeAt, session: { id, masterSecret, suite, extendedMasterSecret, credentials } };
  } catch {
    return undefined;
  }
}
