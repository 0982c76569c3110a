import { resolve } from "node:path";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "electron-vite";

/** The oldest runtimes that the outputs must run on: Electron 45's Node and Chromium. */
const electronNode = "node22";

/**
 * Electron side of the build: main, preload and renderer.
 *
 * Every output file of Node code lies exactly one folder below `out/` (no nested chunk folders), so
 * that `new URL("../engine/child.js", import.meta.url)` and `../../models` mean the same in each.
 */
export default defineConfig({
  main: {
    build: {
      outDir: "out/main",
      target: electronNode,
      // Only `dependencies` of package.json stay outside of the bundle, and of those the main
      // process imports none: pictures and models belong to the engine child.
      externalizeDeps: true,
      rollupOptions: {
        input: { index: resolve("src/main/index.ts") },
        output: { format: "es", chunkFileNames: "[name]-[hash].js" },
      },
    },
  },
  preload: {
    build: {
      outDir: "out/preload",
      target: electronNode,
      // A sandboxed preload cannot load relative files or ES modules: one CommonJS file, all inside.
      externalizeDeps: false,
      rollupOptions: {
        input: { index: resolve("src/preload/index.ts") },
        output: { format: "cjs", entryFileNames: "[name].cjs", codeSplitting: false },
      },
    },
  },
  renderer: {
    root: resolve("src/renderer"),
    plugins: [svelte({ configFile: resolve("svelte.config.js") })],
    build: {
      outDir: resolve("out/renderer"),
      target: "chrome140",
      minify: true,
      // The page is read from this machine, never over a network.
      chunkSizeWarningLimit: 2000,
      // `data:` addresses are refused by the content security policy, so nothing may be inlined.
      assetsInlineLimit: 0,
      // Vite's polyfill for module preloading would be an inline script.
      modulePreload: { polyfill: false },
      rollupOptions: { input: resolve("src/renderer/index.html") },
    },
  },
});
