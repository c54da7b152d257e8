import { defineConfig } from "vitest/config";

export default defineConfig({
  // Examples are written as their readers would: by the name of the package.
  resolve: { alias: { "isthmus/lwm2m": new URL("src/engine.ts", import.meta.url).pathname } },
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/interop/**"],
    globalSetup: ["test/support/prebuilt-devices.ts"],
    pool: "threads",
    testTimeout: 10_000,
  },
});
