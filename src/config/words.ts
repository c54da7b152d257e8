/** The findings of a schema in the words of this file: what was expected, what stands there, what was probably meant. */

import { z } from "zod";
import { nearest } from "../base/nearest.ts";
import { Secret } from "../base/secret.ts";
import { isSensitive } from "./hidden.ts";
import type { ValuePath } from "./source.ts";

export interface Finding {
  readonly path: ValuePath;
  readonly message: string;
  readonly hint?: string;
  /** The key is meant, not its value. */
  readonly atKey: boolean;
}

export type SchemaResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Anything with a throwing `parse`; a zod schema gives the best words. */
export interface SettingsSchema {
  parse(input: unknown): unknown;
}

type Issue = z.core.$ZodIssue;

/** Checks `value`; findings carry paths below `at`. */
export function checkWith(schema: SettingsSchema, value: unknown, at: ValuePath): SchemaResult {
  if (schema instanceof z.ZodType) {
    const result = schema.safeParse(value, { error: inOurWords, reportInput: true });
    if (result.success) return { ok: true, value: result.data };
    return { ok: false, findings: result.error.issues.flatMap((issue) => findingsOf(issue, schema, at)) };
  }
  try {
    return { ok: true, value: schema.parse(value) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, findings: [{ path: at, message, atKey: false }] };
  }
}

function findingsOf(issue: Issue, schema: z.ZodType, at: ValuePath): Finding[] {
  const own = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
  const path = [...at, ...own];
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => {
      const candidate = nearest(key, keysAt(schema, own));
      const hint = candidate !== undefined ? `did you mean \`${candidate}\`?` : known(keysAt(schema, own));
      return { path: [...path, key], message: "unknown key", atKey: true, ...(hint !== undefined && { hint }) };
    });
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const branch = likeliestBranch(issue.errors);
    if (branch)
      return branch.flatMap((inner) => findingsOf({ ...inner, path: [...issue.path, ...inner.path] }, schema, at));
  }
  if (issue.code === "invalid_value" && typeof issue.input === "string") {
    const candidate = nearest(
      issue.input,
      issue.values.filter((each) => typeof each === "string"),
    );
    return [
      {
        path,
        message: issue.message,
        atKey: false,
        ...(candidate !== undefined && { hint: `did you mean \`${candidate}\`?` }),
      },
    ];
  }
  return [{ path, message: issue.message, atKey: issue.code === "invalid_key" }];
}

/** The branch of a union that was meant: the one whose complaints lie deepest. Undefined if none got further than its door. */
function likeliestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const depthOf = (issues: readonly Issue[]) =>
    Math.max(...issues.map((each) => each.path.length + (each.code === "unrecognized_keys" ? 1 : 0)));
  const best = branches.filter((each) => each.length > 0).toSorted((a, b) => depthOf(b) - depthOf(a))[0];
  return best && depthOf(best) > 0 ? best : undefined;
}

function known(keys: readonly string[]): string | undefined {
  return keys.length > 0 && keys.length <= 12 ? `known here: ${keys.join(", ")}` : undefined;
}

/** Replaces zod's sentences; a message that a schema brings itself goes before these. */
function inOurWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "missing";
      return `expected ${typeWord(issue.expected)}, found ${found(issue)}`;
    case "invalid_value":
      return `expected ${oneOf(issue.values)}, found ${found(issue)}`;
    case "too_small":
      return `expected at least ${String(issue.minimum)}${sizeWord(issue.origin, issue.minimum)}`;
    case "too_big":
      return `expected at most ${String(issue.maximum)}${sizeWord(issue.origin, issue.maximum)}`;
    case "invalid_union":
      return `found ${found(issue)}, which is none of the forms allowed here`;
    case "invalid_key":
      return "this name cannot be used here";
    default:
      return undefined;
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a section of keys and values",
  record: "a section of keys and values",
};

function typeWord(expected: string): string {
  return TYPE_WORDS[expected] ?? expected;
}

function found({ input, path }: z.core.$ZodRawIssue): string {
  const plain = typeof input === "string" || typeof input === "number";
  return plain && isSensitive(path?.at(-1)) ? "something that is not shown" : foundWord(input);
}

function foundWord(input: unknown): string {
  if (input === undefined || input === null) return "nothing";
  if (input instanceof Secret) return "a secret";
  if (Array.isArray(input)) return "a list";
  if (typeof input === "object") return "a section";
  return typeof input === "string" ? `the text "${input.slice(0, 40)}"` : JSON.stringify(input);
}

function oneOf(values: readonly unknown[]): string {
  const words = values.map(String);
  return words.length === 1 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1) ?? ""}`;
}

function sizeWord(origin: string, size: number | bigint): string {
  const one = Number(size) === 1;
  if (origin === "string") return one ? " character" : " characters";
  return origin === "array" ? (one ? " entry" : " entries") : "";
}

/** The keys that `schema` knows at `path`: of all branches, where there are several. */
export function keysAt(schema: z.ZodType, path: ValuePath): string[] {
  let here: z.ZodType[] = shapes(schema);
  for (const step of path) here = here.flatMap((each) => below(each, step)).flatMap(shapes);
  return [...new Set(here.flatMap((each) => (each instanceof z.ZodObject ? Object.keys(each.shape) : [])))];
}

/** What remains of a schema without the wrappings that say nothing of its keys. */
function shapes(schema: unknown): z.ZodType[] {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodNullable
  )
    return shapes(schema.def.innerType);
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodReadonly) return shapes(schema.def.innerType);
  if (schema instanceof z.ZodPipe) return [...shapes(schema.def.in), ...shapes(schema.def.out)];
  if (schema instanceof z.ZodUnion) return schema.def.options.flatMap(shapes);
  return schema instanceof z.ZodType ? [schema] : [];
}

function below(schema: z.ZodType, step: string | number): z.ZodType[] {
  const inner: unknown =
    schema instanceof z.ZodObject
      ? schema.shape[step]
      : schema instanceof z.ZodArray
        ? schema.def.element
        : schema instanceof z.ZodRecord
          ? schema.def.valueType
          : undefined;
  return inner instanceof z.ZodType ? [inner] : [];
}
