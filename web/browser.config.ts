import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const own = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const library = (name: string) => own(`node_modules/${name}`);

/** The tests in tests/browser, which use this package's libraries; `--mode guide` takes the pictures of the guide. */
export default defineConfig(({ mode }) => ({
  root: own("../tests/browser"),
  resolve: {
    alias: { "playwright-core": library("playwright-core/index.mjs"), "axe-core": library("axe-core") },
  },
  server: { fs: { allow: [own("..")] } },
  test: {
    include: [mode === "guide" ? "**/*.guide.ts" : "**/*.test.ts"],
    globalSetup: "house.ts",
    fileParallelism: false, // they share a server, and the machine
    testTimeout: 90_000,
    expect: { poll: { timeout: 10_000 } },
    hookTimeout: 90_000,
    reporters: ["verbose"],
  },
}));
