/** `security` in the file: its keys for each mode, in the words of the file, and the bytes that become of them. */

import { z } from "zod";
import { Secret } from "../../base/secret.ts";
import { certificates, certifies, isPem, keyBytes, type Material, privateKey, publicKey, sealed } from "./material.ts";
import {
  type KeySource,
  OSCORE_SECRET_BYTES,
  type OscoreSecurity,
  type OwnSecurity,
  type PskSecurity,
  type RpkSecurity,
  type SecurityConfig,
  type X509Security,
} from "./security.ts";
import { isSuiteName, SUITE_NAMES, SUITES } from "./suites.ts";
import { type KeyTable, readTable } from "./table.ts";

const MAX_IDENTITY = 128;
const PSK_BYTES = { least: 1, most: 64 };
/** Less than a key has makes keys that are worth no more. */
const SECRET_BYTES = { least: 16, most: 1_024 };
const SALT_BYTES = { least: 0, most: 255 };
/** RFC 8613 §3.3, with AES-CCM-16-64-128. */
const ID_BYTES = { least: 0, most: 7 };
/** A text that can hardly be a key, but the name of a file with one. */
const FILE_NAME = /^[\w.~@-]*[./][\w.~@/-]*$/;
const USAGES = ["ca", "service", "anchor", "domain"] as const;
const MATCHINGS = ["exact", "sha256", "sha384", "sha512"] as const;

/** Text, or what `!file`, `!env` and `!credential` name. */
const Text = z.union([z.string(), z.instanceof(Secret)], {
  error: ({ input }) => (input === undefined ? "missing" : "expected !file PATH, !credential NAME, !env NAME or text"),
});
type Text = z.output<typeof Text>;

const Identity = z
  .string()
  .min(1)
  .refine((text) => Buffer.byteLength(text.replaceAll("{endpoint}", "")) <= MAX_IDENTITY, {
    error: `expected at most ${MAX_IDENTITY} bytes`,
  })
  .refine((text) => !/[{}]/.test(text.replaceAll("{endpoint}", "")), { error: "knows {endpoint} and no other braces" });

const Context = z
  .string()
  .regex(/^[\w.:~@+-]{1,64}$/, { error: "expected 1 to 64 letters, digits or any of . _ : ~ @ + -" });

const Derive = z.strictObject({
  secret: Text,
  context: Context.exactOptional(),
  length: z.union([z.literal(16), z.literal(32)], { error: "expected 16 or 32 bytes" }).exactOptional(),
});

const Suites = z
  .array(z.string().refine(isSuiteName, { error: `expected an IANA name, such as ${SUITE_NAMES[0] ?? ""}` }))
  .min(1)
  .max(SUITE_NAMES.length);

const KEYS = { key: Text.exactOptional(), derive: Derive.exactOptional(), table: Text.exactOptional() };

const Psk = z.strictObject({
  mode: z.literal("psk"),
  identity: Identity.exactOptional(),
  ...KEYS,
  ciphersuites: Suites.exactOptional(),
});

const Rpk = z.strictObject({
  mode: z.literal("rpk"),
  key: Text,
  server_key: Text,
  ciphersuites: Suites.exactOptional(),
});

const X509 = z.strictObject({
  mode: z.literal("x509"),
  key: Text,
  certificate: Text,
  server_certificate: Text.exactOptional(),
  trust: Text.exactOptional(),
  usage: z.enum(USAGES, { error: `expected ${USAGES.join(", ")}` }).exactOptional(),
  matching: z.enum(MATCHINGS, { error: `expected ${MATCHINGS.join(", ")}` }).exactOptional(),
  server_name: z.string().min(1).max(253).exactOptional(),
  ciphersuites: Suites.exactOptional(),
});

const Oscore = z.strictObject({
  mode: z.literal("oscore"),
  ...KEYS,
  sender_id: Text.exactOptional(),
  recipient_id: Text.exactOptional(),
  salt: Text.exactOptional(),
  id_context: Text.exactOptional(),
  aead: z.int().exactOptional(),
  hkdf: z.int().exactOptional(),
});

const None = z.strictObject({ mode: z.literal("none") });

type Issues = z.core.$RefinementCtx;

/** `security` of a server. */
export const SecuritySection = z
  .discriminatedUnion("mode", [Psk, Rpk, X509, Oscore, None], {
    error: "expected mode: psk, rpk, x509, oscore or none",
  })
  .transform((section, context): SecurityConfig => {
    const read = new SectionReader(context);
    const config = settled(section, read);
    return read.sound && config ? config : z.NEVER;
  });

/** `security` of a sensor: what it has instead of what is said to all. */
export const OwnSecuritySection = z
  .strictObject({
    identity: Identity.exactOptional(),
    key: Text.exactOptional(),
    certificate: Text.exactOptional(),
    sender_id: Text.exactOptional(),
  })
  .transform((section, context): OwnSecurity => {
    const read = new SectionReader(context);
    const own = settledOwn(section, read);
    return read.sound ? own : z.NEVER;
  });

/** Reads texts, and says where in the section they are wrong. */
class SectionReader {
  sound = true;
  readonly #context: Issues;

  constructor(context: Issues) {
    this.#context = context;
  }

  wrong(path: readonly string[], message: string): void {
    this.sound = false;
    this.#context.addIssue({ code: "custom", path: [...path], message });
  }

  /** What `as` makes of a text, if there is one. */
  text<T>(path: readonly string[], text: Text | undefined, as: (text: string) => Material<T>): T | undefined {
    if (text === undefined) return undefined;
    const found = as(typeof text === "string" ? text : text.reveal());
    if ("value" in found) return found.value;
    const meant =
      typeof text === "string" && FILE_NAME.test(text) ? "; if a file is meant, write !file before its name" : "";
    this.wrong(path, `expected ${found.expected}${meant}`);
    return undefined;
  }

  bytes(path: readonly string[], text: Text | undefined, size: { least: number; most: number }) {
    return this.text(path, text, (each) => keyBytes(each, size));
  }

  secret(path: readonly string[], text: Text | undefined, size: { least: number; most: number }): Secret | undefined {
    const bytes = this.bytes(path, text, size);
    return bytes && sealed(bytes, nameOf(text, path));
  }

  /** Whether the first certificate is that of the key: with another, no server would ever let us in. */
  fit(publicKey: Uint8Array, [certificate]: readonly Uint8Array[]): boolean {
    const fits = certificate !== undefined && certifies(certificate, publicKey);
    if (!fits)
      this.wrong(["certificate"], "the first certificate is not that of key: ours goes first, its issuers behind it");
    return fits;
  }
}

function settled(
  section:
    | z.output<typeof Psk>
    | z.output<typeof Rpk>
    | z.output<typeof X509>
    | z.output<typeof Oscore>
    | z.output<typeof None>,
  read: SectionReader,
): SecurityConfig | undefined {
  switch (section.mode) {
    case "psk":
      return psk(section, read);
    case "rpk":
      return rpk(section, read);
    case "x509":
      return x509(section, read);
    case "oscore":
      return oscore(section, read);
    case "none":
      return { mode: "none" };
  }
}

function psk(section: z.output<typeof Psk>, read: SectionReader): PskSecurity | undefined {
  const keys = keySource(section, read);
  if (keys === undefined) return undefined;
  const { identity = "{endpoint}" } = section;
  return { mode: "psk", identity, keys, ...suites(section) };
}

function rpk(section: z.output<typeof Rpk>, read: SectionReader): RpkSecurity | undefined {
  const pair = read.text(["key"], section.key, privateKey);
  const serverKey = read.text(["server_key"], section.server_key, publicKey);
  if (!pair || !serverKey) return undefined;
  const key = sealed(pair.key, nameOf(section.key, ["key"]));
  return { mode: "rpk", key, publicKey: pair.publicKey, serverKey, ...suites(section) };
}

function x509(section: z.output<typeof X509>, read: SectionReader): X509Security | undefined {
  const pair = read.text(["key"], section.key, privateKey);
  const chain = read.text(["certificate"], section.certificate, certificates);
  const trust = read.text(["trust"], section.trust, certificates);
  const server = read.text(["server_certificate"], section.server_certificate, certificates);
  if (section.server_certificate === undefined && section.trust === undefined) {
    read.wrong([], "nothing would tell the server from a stranger: give server_certificate or trust");
    return undefined;
  }
  if (!pair || !chain || !read.fit(pair.publicKey, chain)) return undefined;
  const { usage, matching, server_name } = section;
  const [serverCertificate] = server ?? [];
  return {
    mode: "x509",
    key: sealed(pair.key, nameOf(section.key, ["key"])),
    certificate: Buffer.concat(chain),
    ...(serverCertificate && { serverCertificate }),
    ...(trust && { trust }),
    ...(usage !== undefined && { usage: USAGES.indexOf(usage) }),
    ...(matching !== undefined && { matching: MATCHINGS.indexOf(matching) }),
    ...(server_name !== undefined && { serverName: server_name }),
    ...suites(section),
  };
}

function oscore(section: z.output<typeof Oscore>, read: SectionReader): OscoreSecurity | undefined {
  const keys = keySource(section, read);
  const senderId = read.bytes(["sender_id"], section.sender_id, ID_BYTES);
  const recipientId = read.bytes(["recipient_id"], section.recipient_id ?? "", ID_BYTES);
  const salt = read.bytes(["salt"], section.salt, SALT_BYTES);
  const idContext = read.bytes(["id_context"], section.id_context, SALT_BYTES);
  if (!keys || !recipientId) return undefined;
  // Endpoints that share a key and an ID use the same nonces, which gives both of them away (RFC 8613 §7.2.1).
  if (senderId && (keys.from === "key" || (keys.from === "table" && hasTwins(keys.rows)))) {
    read.wrong(["sender_id"], "is for sensors that have keys of their own: without it, each is given one");
    return undefined;
  }
  // With one ID for both, both would use the same nonces (RFC 8613 §3.3).
  if (senderId && Buffer.compare(senderId, recipientId) === 0) {
    read.wrong(["sender_id"], "is the same as recipient_id, and must not be");
    return undefined;
  }
  const { aead, hkdf } = section;
  return {
    mode: "oscore",
    keys: keys.from === "secret" ? { ...keys, length: OSCORE_SECRET_BYTES } : keys,
    ...(senderId && { senderId }),
    recipientId,
    ...(salt && { salt }),
    ...(idContext && { idContext }),
    ...(aead !== undefined && { aead }),
    ...(hkdf !== undefined && { hkdf }),
  };
}

function hasTwins(rows: KeyTable): boolean {
  return new Set(Array.from(rows.values(), ({ key }) => key.reveal())).size < rows.size;
}

/** One of `key`, `derive` and `table`. */
function keySource(
  section: z.output<typeof Psk> | z.output<typeof Oscore>,
  read: SectionReader,
): KeySource | undefined {
  const { key, derive, table } = section;
  const given = [key, derive, table].filter((each) => each !== undefined);
  if (given.length !== 1) {
    read.wrong([], "a key comes from one place: give key, derive or table, and one of them alone");
    return undefined;
  }
  if (derive) {
    const { context = "", length = 16 } = derive;
    const secret = read.secret(["derive", "secret"], derive.secret, SECRET_BYTES);
    return secret && { from: "secret", secret, context, length };
  }
  if (table !== undefined) {
    const name = nameOf(table, ["table"]);
    const rows = read.text(["table"], table, (text) => readTable(text, name));
    return rows && { from: "table", name, rows };
  }
  const secret = read.secret(["key"], key, PSK_BYTES);
  return secret && { from: "key", key: secret };
}

function settledOwn(
  section: { identity?: string; key?: Text; certificate?: Text; sender_id?: Text },
  read: SectionReader,
): OwnSecurity {
  const { identity } = section;
  const text = typeof section.key === "string" ? section.key : section.key?.reveal();
  const pair = text !== undefined && isPem(text) ? read.text(["key"], section.key, privateKey) : undefined;
  const key = text !== undefined && !isPem(text) ? read.secret(["key"], section.key, PSK_BYTES) : undefined;
  const chain = read.text(["certificate"], section.certificate, certificates);
  const senderId = read.bytes(["sender_id"], section.sender_id, ID_BYTES);
  if (pair && chain) read.fit(pair.publicKey, chain);
  return {
    ...(identity !== undefined && { identity }),
    ...(key && { key }),
    ...(pair && { privateKey: { ...pair, key: sealed(pair.key, nameOf(section.key, ["key"])) } }),
    ...(chain && { certificate: Buffer.concat(chain) }),
    ...(senderId && { senderId }),
  };
}

function suites({ ciphersuites }: { ciphersuites?: readonly (keyof typeof SUITES)[] }) {
  return ciphersuites ? { ciphersuites: ciphersuites.map((name) => SUITES[name]) } : {};
}

/** As `Secret` shows it, or where in the file it stands. */
function nameOf(text: Text | undefined, path: readonly string[]): string {
  return text instanceof Secret ? text.name : `security.${path.join(".")}`;
}
