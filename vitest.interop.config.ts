import { defineConfig } from "vitest/config";

/** Tests against foreign peers: brokers, libcoap, a pty, systemd. They need what `docs/interop.md` lists. */
export default defineConfig({
  test: {
    include: ["test/interop/**/*.test.ts"],
    globalSetup: ["test/interop/support/exercised.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
