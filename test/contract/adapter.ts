/** The contract of adapters, as tests: every adapter of the house runs it. */

import { describe, it } from "vitest";
import { adapterContract, type ContractOptions } from "../../src/sdk/testing.ts";

export function describeAdapter<Config>(name: string, options: ContractOptions<Config>): void {
  describe(`the ${name} adapter, as every adapter`, () => {
    for (const check of adapterContract(options)) it(check.name, check.run);
  });
}
