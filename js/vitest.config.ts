import { defineConfig } from "vitest/config";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  // Most of the page needs no document, and a file that does says so in its first line: to make one takes longer than its tests.
  // A busy machine is no fault of the page: nothing here is judged by its time.
  test: {
    environment: "node",
    include: ["tests/**/*.test.{ts,tsx}"],
    maxWorkers: "100%",
    testTimeout: 30_000,
  },
});
