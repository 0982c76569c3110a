import { resolve } from "node:path";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/** Hosts that tests start must not touch the settings of whoever runs the tests. */
const env = { SPECTRAL_STUDIO_CONFIG: resolve("reports/config") };

/**
 * Three projects, from fast to slow:
 * - `unit`: tests beside the sources; pure, no child processes, seconds in all;
 * - `contract`: test/ without e2e: what crosses modules, with the real engine and shipped bundle;
 * - `e2e`: the built app in a real Chromium.
 */
export default defineConfig({
  test: {
    projects: [
      {
        plugins: [svelte()],
        // Components and rune modules are tested as the browser would run them.
        resolve: { conditions: ["browser"] },
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "scripts/**/*.test.ts"],
          environment: "node",
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "contract",
          env,
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**"],
          environment: "node",
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // The engine and the packager are heavy; one file at a time keeps times meaningful.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "e2e",
          env,
          include: ["test/e2e/**/*.test.ts"],
          environment: "node",
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
