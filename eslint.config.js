import js from "@eslint/js";
import tseslint from "typescript-eslint";

const budgets = {
  "max-lines": ["error", { max: 400 }],
  "max-lines-per-function": ["error", { max: 60, skipComments: true, skipBlankLines: true }],
  "max-params": ["error", 4],
  "max-depth": ["error", 4],
};

/** Time and randomness come in by the hand, so that engines run in virtual time. */
const timeComesFromClock = {
  "no-restricted-globals": [
    "error",
    ...["setTimeout", "setInterval", "setImmediate"].map((name) => ({ name, message: "Timers come from Clock." })),
  ],
  "no-restricted-properties": [
    "error",
    { object: "Date", property: "now", message: "The time of day comes from Clock." },
    { object: "Math", property: "random", message: "Randomness comes from Random." },
    { object: "process", property: "exit", message: "Only src/cli ends the process." },
  ],
};

export default tseslint.config(
  { ignores: ["dist", "node_modules", "coverage", "*.cjs"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ["./tsconfig.check.json", "./src/http/page/tsconfig.json", "./test/page/tsconfig.json"],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-invalid-void-type": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    },
  },
  { files: ["src/**/*.ts"], rules: { ...budgets, ...timeComesFromClock } },
  {
    // The composition root's own clock, and what runs in a browser.
    files: ["src/base/system-clock.ts", "src/http/page/**/*.ts"],
    rules: { "no-restricted-globals": "off", "no-restricted-properties": "off" },
  },
  { files: ["src/cli/**/*.ts"], rules: { "no-restricted-properties": "off", "no-restricted-globals": "off" } },
  {
    files: ["test/**/*.ts"],
    rules: {
      "max-lines": ["error", { max: 600 }],
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/unbound-method": "off",
    },
  },
  {
    files: ["**/*.js"],
    languageOptions: {
      globals: {
        process: "readonly",
        console: "readonly",
        performance: "readonly",
        Buffer: "readonly",
        URL: "readonly",
        setTimeout: "readonly",
        setImmediate: "readonly",
        clearTimeout: "readonly",
        setInterval: "readonly",
        clearInterval: "readonly",
        fetch: "readonly",
        AbortController: "readonly",
        AbortSignal: "readonly",
        TextEncoder: "readonly",
        TextDecoder: "readonly",
      },
    },
  },
);
