/** The OpenSSL that Node was built with, opened through koffi; both may be missing, and then it is said why. */

import type * as Koffi from "koffi";
import { words } from "../../base/errors.ts";
import { Callbacks } from "./callbacks.ts";
import { VERSION_WORDS } from "./constants.ts";
import { type Pointer, type Symbols, symbolsOf } from "./symbols.ts";
import { BioCtrl } from "./constants.ts";

export interface Openssl {
  readonly api: Symbols;
  readonly callbacks: Callbacks;
  /** `OpenSSL 3.0.19 27 Jan 2026`. */
  readonly version: string;
  /** `0x30000130`: major in the first four bits, minor in the next eight. */
  readonly versionNumber: number;
  /** DER of a certificate. */
  readonly certificate: (x509: Pointer) => Uint8Array;
}

export type OpensslFound =
  | { readonly status: "found"; readonly openssl: Openssl }
  | { readonly status: "missing"; readonly reason: string };

type Load = () => Promise<typeof Koffi>;

let found: Promise<OpensslFound> | undefined;

/** Looks for it once, and gives the same answer ever after. */
export function findOpenssl(): Promise<OpensslFound> {
  found ??= lookForOpenssl(() => import("koffi"));
  return found;
}

/** The search itself, with another koffi where a test wants one. Never rejects. */
export async function lookForOpenssl(load: Load): Promise<OpensslFound> {
  let koffi: typeof Koffi;
  try {
    koffi = await load();
  } catch (error) {
    return missing(`koffi cannot be loaded (${words(error)}); it is an optional dependency: npm install koffi`);
  }
  try {
    return open(koffi);
  } catch (error) {
    return missing(`Node ${process.version} does not let its OpenSSL be called (${words(error)})`);
  }
}

const missing = (reason: string): OpensslFound => ({ status: "missing", reason: `OpenSSL is not there: ${reason}` });

const OLDEST = 0x3000_0000;

function open(koffi: typeof Koffi): OpensslFound {
  // Null stands for the program itself and what it has loaded: Debian's Node has OpenSSL as a shared library.
  const api = symbolsOf(koffi.load(null));
  const version = api.OpenSSL_version(VERSION_WORDS);
  const versionNumber = api.OpenSSL_version_num();
  if (versionNumber < OLDEST) return missing(`Node ${process.version} has ${version}; 3.0 or later is needed`);
  const certificate = (x509: Pointer) => derOf(api, x509);
  const callbacks = new Callbacks({ koffi, api, certificate });
  return { status: "found", openssl: { api, callbacks, version, versionNumber, certificate } };
}

const MAX_CERTIFICATE = 16_384;

function derOf(api: Symbols, x509: Pointer): Uint8Array {
  const bio = api.BIO_new(api.BIO_s_mem());
  try {
    const der = new Uint8Array(MAX_CERTIFICATE);
    api.BIO_ctrl(bio, BioCtrl.EofReturn, -1, null);
    api.i2d_X509_bio(bio, x509);
    const length = api.BIO_read(bio, der, der.length);
    return der.slice(0, Math.max(length, 0));
  } finally {
    api.BIO_free(bio);
  }
}
