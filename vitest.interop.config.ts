import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What the documents claim is held against what all other tests have proved: those come first. */
class TableLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isTable = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith("table.test.ts");
    return [...sorted.filter((file) => !isTable(file)), ...sorted.filter(isTable)];
  }
}

/** Tests against foreign peers: brokers, libcoap, a pty, systemd. They need what `docs/interop.md` lists. */
export default defineConfig({
  test: {
    include: ["test/interop/**/*.test.ts"],
    globalSetup: ["test/interop/support/exercised.ts", "test/interop/support/security/proofs.ts"],
    fileParallelism: false,
    sequence: { sequencer: TableLast },
    // Tests that only wait for silence wait together.
    maxConcurrency: 24,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
