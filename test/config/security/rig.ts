/** Configuration files with security in them, read with secrets that stand nowhere but here. */

import { generateKeyPairSync } from "node:crypto";
import { type ConfigProblem, readConfig, type SecretSources } from "../../../src/config/index.ts";

/** A P-256 key pair in PEM. */
export function pair(curve = "P-256"): { key: string; publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: curve });
  return {
    key: String(privateKey.export({ format: "pem", type: "pkcs8" })),
    publicKey: String(publicKey.export({ format: "pem", type: "spki" })),
  };
}

export type Files = Readonly<Record<string, string>>;

/** A file that is not there cannot be read. */
export function sources(files: Files, more: Partial<SecretSources> = {}): SecretSources {
  return {
    env: (name) => files[name],
    file: (name) => {
      const text = files[name];
      if (text === undefined) throw new Error("no such file");
      return text;
    },
    ...more,
  };
}

export function read(text: string, files: Files = {}, more: Partial<SecretSources> = {}) {
  return readConfig(text, "isthmus.yaml", { adapters: new Map(), secrets: sources(files, more) });
}

/** The problems, each as `line:column path: message (hint)`. */
export function told(text: string, files: Files = {}, more: Partial<SecretSources> = {}): string[] {
  return read(text, files, more).problems.map(words);
}

function words({ line, column, path, message, hint }: ConfigProblem): string {
  return `${line}:${column} ${path}: ${message}${hint === undefined ? "" : ` (${hint})`}`;
}

/** The security of the one server of a file. @throws Error with all that is wrong. */
export function secured(security: string, files: Files = {}, uri = "coaps://a") {
  const credential = (name: string) => files[name] ?? "";
  const { config, problems } = read(`server:\n  uri: "${uri}"\n  security: { ${security} }\n`, files, { credential });
  if (problems.length > 0) throw new Error(problems.map(words).join("; "));
  return config?.servers[0]?.security;
}
