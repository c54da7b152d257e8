/** What a server may ask of one place in a client (LwM2M Core 1.2 §6.3, §6.4). */

import type { Scalar } from "../base/outcome.ts";
import { Format } from "../content/index.ts";
import { depth, type Path, path as pathOf } from "../model/path.ts";
import { type Asking, failure, type OperationResult, preferred, refusal, refused, undecodable } from "./asking.ts";
import { type Attributes, queryOf } from "./attributes.ts";
import type { Client } from "./client.ts";
import { Composite } from "./composite.ts";
import { discoveredLinks } from "./links.ts";
import type { ValueTree } from "./value-tree.ts";
import { encodeTree, encodeValue } from "./values.ts";
import type { Ask } from "./wire.ts";

export type { OperationResult } from "./asking.ts";

export class Operations {
  /** The same over several places at once. */
  readonly composite: Composite;
  readonly #asking: Asking;

  constructor(asking: Asking) {
    this.#asking = asking;
    this.composite = new Composite(asking);
  }

  /** @param format the Content-Format to ask for; SenML CBOR unless the client is of version 1.0. */
  read(client: Client, path: Path, format?: number): Promise<OperationResult> {
    return this.#asking.values(client, path, { method: "GET", path, accept: format ?? preferred(client) });
  }

  /** Replaces one Resource (§6.3.3). @param format text for a single Resource unless said otherwise. */
  async write(client: Client, path: Path, value: Scalar, format: number = Format.Text): Promise<OperationResult> {
    if (depth(path) < 3) return refused("only a Resource can be written, such as 3306/0/5850");
    return this.#send(client, { method: "PUT", path, format }, () =>
      encodeValue(value, { path, format }, this.#asking.dialect(client)),
    );
  }

  /**
   * Writes several Resources of an Instance, or Instances of a Resource (§6.3.3).
   * @param how `replace` takes away what is not named; `update` leaves it.
   */
  async writeAll(
    client: Client,
    path: Path,
    values: ValueTree,
    how: { readonly mode: "replace" | "update"; readonly format?: number | undefined },
  ): Promise<OperationResult> {
    if (depth(path) < 2) return refused("an Instance is written, such as 3303/0");
    const { mode, format = preferred(client) } = how;
    const method = mode === "replace" ? "PUT" : "POST";
    return this.#send(client, { method, path, format }, () =>
      encodeTree(values, { path, format }, this.#asking.dialect(client)),
    );
  }

  /**
   * Creates an Instance (§6.3.6) with the values of its Resources.
   * @param how without `instance` the client chooses the number, which only TLV can leave open.
   */
  async create(
    client: Client,
    object: number,
    values: ValueTree,
    how: { readonly instance?: number | undefined; readonly format?: number | undefined } = {},
  ): Promise<OperationResult> {
    const { instance, format = instance === undefined ? Format.Tlv : preferred(client) } = how;
    if (instance === undefined && format !== Format.Tlv)
      return refused("without the number of the Instance, only TLV (11542) can be sent");
    const path = pathOf(object);
    const within = pathOf(object, instance ?? 0);
    return this.#send(client, { method: "POST", path, format }, () =>
      encodeTree(
        values,
        { path: within, format, base: instance === undefined ? within : path },
        this.#asking.dialect(client),
      ),
    );
  }

  /** §6.3.5: arguments are text such as `0='x',1`. */
  async execute(client: Client, path: Path, args = ""): Promise<OperationResult> {
    if (depth(path) !== 3) return refused("only a Resource can be executed, such as 3303/0/5605");
    const payload = new TextEncoder().encode(args);
    return this.#asking.change(client, { method: "POST", path, ...(args !== "" && { format: Format.Text, payload }) });
  }

  /** Deletes an Object Instance (§6.3.7), or a Resource Instance (since 1.2); clients refuse what may not go. */
  async delete(client: Client, path: Path): Promise<OperationResult> {
    if (depth(path) !== 2 && depth(path) !== 4) return refused("only an Instance can be deleted, such as 3303/0");
    return this.#asking.change(client, { method: "DELETE", path });
  }

  /** §6.3.4: when and how the client is to notify. Null takes an attribute away (§7.3). */
  async writeAttributes(client: Client, path: Path, attributes: Attributes): Promise<OperationResult> {
    const query = queryOf(attributes);
    if (query === undefined) return refused("attributes are written like pmin and 10");
    return this.#asking.change(client, { method: "PUT", path, query });
  }

  /** @param levels how far down links go (since 1.2); the client's own choice if undefined. */
  async discover(client: Client, path: Path, levels?: number): Promise<OperationResult> {
    const query = levels === undefined ? {} : { query: `depth=${levels}` };
    const answer = await this.#asking.ask(client, { method: "GET", path, accept: Format.LinkFormat, ...query });
    if (answer.status !== "answered") return failure(answer);
    if (!answer.code.startsWith("2.")) return refusal(answer);
    try {
      return { code: answer.code, links: discoveredLinks(answer.payload) };
    } catch (error) {
      return undecodable(answer.code, error);
    }
  }

  /** Begins an observation (§6.4.2), in place of one of the same path. @param attributes for it alone (since 1.2). */
  async observe(client: Client, path: Path, attributes: Attributes = {}): Promise<OperationResult> {
    const query = queryOf(attributes);
    if (query === undefined) return refused("attributes are written like pmin and 10");
    const observed = this.#observed(client, path);
    const ask = query === "" ? observed.ask : { ...observed.ask, query };
    return this.#asking.observe(client, { ...observed, ask });
  }

  /** Ends the observation of a path. */
  cancel(client: Client, path: Path): Promise<OperationResult> {
    return this.#asking.cancel(client, this.#observed(client, path));
  }

  #observed(client: Client, path: Path): { key: string; base: Path; ask: Omit<Ask, "timeoutMs"> } {
    return { key: path, base: path, ask: { method: "GET", path, accept: preferred(client) } };
  }

  async #send(client: Client, ask: Omit<Ask, "timeoutMs">, encode: () => Uint8Array): Promise<OperationResult> {
    try {
      return await this.#asking.change(client, { ...ask, payload: encode() });
    } catch (error) {
      if (error instanceof RangeError) return refused(error.message);
      throw error;
    }
  }
}
