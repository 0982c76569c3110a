import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";

/** Packages with native parts or data files of their own; they stay in `node_modules`. */
const external = ["sharp", "onnxruntime-node", "@huggingface/tokenizers"];

/**
 * Removes what an earlier build wrote. Vite's own way would empty all of `out/`, where electron-vite
 * wrote its folders just before; and without it chunks of old builds would be packed for ever.
 */
const removeOldOutputs: Plugin = {
  name: "remove-old-outputs",
  buildStart() {
    for (const folder of ["chunks", "cli", "engine", "server"]) {
      rmSync(resolve("out", folder), { recursive: true, force: true });
    }
  },
};

/**
 * Node side of the build: the command line, the loopback server and the engine child that both of
 * them (and Electron) start. One pass, so that common code is one chunk and not three copies.
 *
 * Every output lies exactly one folder below `out/`, chunks included: see electron.config.ts.
 */
export default defineConfig({
  publicDir: false,
  plugins: [removeOldOutputs],
  ssr: { noExternal: true, external },
  build: {
    ssr: true,
    outDir: "out",
    emptyOutDir: false,
    target: "node20",
    minify: false,
    sourcemap: false,
    rollupOptions: {
      input: {
        "cli/spectral": resolve("src/cli/index.ts"),
        "engine/child": resolve("src/engine/child.ts"),
        "server/index": resolve("src/server/index.ts"),
      },
      output: {
        format: "es",
        entryFileNames: "[name].js",
        chunkFileNames: "chunks/[name]-[hash].js",
      },
    },
  },
});
