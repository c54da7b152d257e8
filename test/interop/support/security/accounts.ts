/** Who our ends are, and who the servers are: keys and certificates of a run, as accounts and as files for foreign programs. */

import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "../../../../src/base/secret.ts";
import type { Account } from "../../../../src/lwm2m/index.ts";
import { authority, certificate, type Issued, spkiOf } from "../../../support/certificates.ts";
import { pem } from "../../../support/der.ts";

export type Mode = "PSK" | "RPK" | "X.509";
/** What an account says of security. */
export type Security = Pick<Account, "credentials" | "ciphersuites" | "certificateUsage" | "trust">;

/** By which suites are asked for and named. */
export const SUITE = {
  pskCcm8: [0xc0a8, "TLS_PSK_WITH_AES_128_CCM_8"],
  pskCcm: [0xc0a4, "TLS_PSK_WITH_AES_128_CCM"],
  pskGcm: [0x00a8, "TLS_PSK_WITH_AES_128_GCM_SHA256"],
  pskCbc: [0x00ae, "TLS_PSK_WITH_AES_128_CBC_SHA256"],
  ecdhePskCcm8: [0xd003, "TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256"],
  ecdhePskGcm: [0xd001, "TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256"],
  ecdhePskCbc: [0xc037, "TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256"],
  ecdsaCcm8: [0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"],
  ecdsaCcm: [0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"],
  ecdsaGcm: [0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
} as const;
export type SuiteName = keyof typeof SUITE;

/** Certificate Usage 2: whoever this authority vouches for (LwM2M Core 1.2 Appendix E.1, RFC 6698 §2.1.1). */
const TRUST_ANCHOR = 2;
export const KEY = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");

export class Identities {
  /** Files of PEM and DER; each is there from the start. */
  readonly folder: string;
  readonly root: Issued;
  readonly server: Issued;

  private constructor(folder: string, root: Issued, server: Issued) {
    this.folder = folder;
    this.root = root;
    this.server = server;
  }

  static async make(): Promise<Identities> {
    const root = authority({ subject: "Interop Root" });
    const server = certificate({ subject: "server", issuer: root, names: ["localhost", "127.0.0.1"] });
    const made = new Identities(await mkdtemp(join(tmpdir(), "isthmus-keys-")), root, server);
    await made.#write();
    return made;
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  discard(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  psk(identity: string, key: Uint8Array = KEY): Security {
    return { credentials: { mode: "psk", identity: Buffer.from(identity), secretKey: secret(key) } };
  }

  /** Any pair on P-256: servers that know none of them take each. `publicKey` is its SubjectPublicKeyInfo. */
  rpk(serverKey: Uint8Array = this.server.spki): Security & { publicKey: Uint8Array } {
    const pair = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const publicKey = spkiOf(pair.publicKey);
    const secretKey = secret(pair.privateKey.export({ format: "der", type: "pkcs8" }));
    return { publicKey, credentials: { mode: "rpk", identity: publicKey, serverKey, secretKey } };
  }

  /** A certificate for `subject`, by the authority that all servers here trust unless another is given. */
  x509(
    subject: string,
    { issuer = this.root, trusted = this.root }: { issuer?: Issued; trusted?: Issued } = {},
  ): Security {
    const { der, privateKey } = certificate({ subject, issuer });
    const secretKey = secret(privateKey.export({ format: "der", type: "pkcs8" }));
    return {
      credentials: { mode: "x509", identity: der, serverKey: trusted.der, secretKey },
      certificateUsage: TRUST_ANCHOR,
    };
  }

  of(mode: Mode, name: string): Security {
    if (mode === "PSK") return this.psk(name);
    return mode === "RPK" ? this.rpk() : this.x509(name);
  }

  async #write(): Promise<void> {
    const { root, server } = this;
    const files: Readonly<Record<string, string | Uint8Array>> = {
      "ca.pem": root.pem,
      "trust.der": root.der,
      "server.pem": server.pem,
      "server.der": server.der,
      "server.key": server.keyPem,
      "server.p8": server.privateKey.export({ format: "der", type: "pkcs8" }),
      "server.pub": pem("PUBLIC KEY", server.spki),
      "server.rpk":
        pem("EC PRIVATE KEY", server.privateKey.export({ format: "der", type: "sec1" })) +
        pem("PUBLIC KEY", server.spki),
      "psk.txt": `sensor:${KEY.toString("hex")}\n`,
    };
    for (const [name, content] of Object.entries(files)) await writeFile(this.file(name), content, { mode: 0o600 });
  }
}

const secret = (key: Uint8Array): Secret => new Secret(Buffer.from(key).toString("hex"), "a key of a test");
