import { defineConfig } from "vitest/config";

/** Tests against foreign peers: brokers, libcoap, a pty, systemd. They need what `docs/interop.md` lists. */
export default defineConfig({
  test: {
    include: ["test/interop/**/*.test.ts"],
    globalSetup: ["test/interop/support/exercised.ts", "test/interop/support/security/proofs.ts"],
    fileParallelism: false,
    // Tests that only wait for silence wait together.
    maxConcurrency: 24,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
