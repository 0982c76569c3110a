import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { listPackage } from "@electron/asar";
import { Arch, build, Platform } from "electron-builder";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import config from "../../electron-builder.config";

/**
 * Packs the built app around a stand-in for Electron's own files, which are not installed with the
 * development dependencies, and looks at what went in. Fuses are left out: they are flipped inside
 * of the real executable.
 */
const projectRoot = resolve(import.meta.dirname, "../..");
const megabyte = 1024 * 1024;
/** The app without Electron and without models; ONNX Runtime is 45 MB of it, libvips 19 MB. */
const budgetBytes = 90 * megabyte;

const isSupported = process.platform === "linux" && ["x64", "arm64"].includes(process.arch);
let workFolder: string;
let resources: string;
let archived: string[];
let unpacked: string[];

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function makeElectronStandIn(folder: string): void {
  mkdirSync(folder);
  writeFileSync(join(folder, "electron"), "#!/bin/sh\n");
  chmodSync(join(folder, "electron"), 0o755);
  writeFileSync(join(folder, "version"), "0.0.0");
}

describe.runIf(isSupported)("the package for Linux", () => {
  beforeAll(async () => {
    if (!existsSync(join(projectRoot, "out/main/index.js"))) {
      throw new Error("Expected the built app in out/; run `npm run build` first.");
    }
    workFolder = mkdtempSync(join(tmpdir(), "packing-list-"));
    const electronDist = join(workFolder, "electron");
    makeElectronStandIn(electronDist);
    await build({
      projectDir: projectRoot,
      targets: Platform.LINUX.createTarget("dir", process.arch === "x64" ? Arch.x64 : Arch.arm64),
      publish: null,
      config: {
        ...config,
        electronDist,
        electronFuses: null,
        directories: { ...config.directories, output: join(workFolder, "dist") },
      },
    });
    const name = process.arch === "x64" ? "linux-unpacked" : "linux-arm64-unpacked";
    resources = join(workFolder, "dist", name, "resources");
    archived = listPackage(join(resources, "app.asar"), { isPack: false }).map((path) =>
      path.slice(1),
    );
    unpacked = await filesBelow(join(resources, "app.asar.unpacked"));
  }, 240_000);

  afterAll(() => {
    rmSync(workFolder, { recursive: true, force: true });
  });

  it("contains every process of the app and its licence", () => {
    for (const path of [
      "package.json",
      "LICENSE",
      "out/main/index.js",
      "out/preload/index.cjs",
      "out/renderer/index.html",
      "out/engine/child.js",
    ]) {
      expect(archived).toContain(path);
    }
  });

  it("contains no sources, tests, training code, sample pictures or bundled-in packages", () => {
    const topFolders = new Set(archived.map((path) => path.split("/")[0]));
    expect([...topFolders].sort()).toEqual(["LICENSE", "node_modules", "out", "package.json"]);
    for (const name of ["svelte", "konva", "electron", "vite", "typescript", "playwright-core"]) {
      expect(archived).not.toContain(`node_modules/${name}`);
    }
    expect(archived.filter((path) => /\.(ts|map|svelte)$/.test(path))).toEqual([]);
  });

  it("keeps every native library outside of the archive", () => {
    const isNative = (path: string) => /\.(node|so|dll|dylib)(\.\d+)*$/.test(path);
    const expected = archived.filter(isNative).sort();
    expect(unpacked.filter(isNative).sort()).toEqual(expected);
    expect(expected.some((path) => path.includes("onnxruntime-node/bin"))).toBe(true);
    expect(expected.some((path) => path.includes("@img/sharp-"))).toBe(true);
  });

  it("contains the runtime of this platform only", () => {
    const runtimes = unpacked.flatMap((path) => {
      const found = /onnxruntime-node\/bin\/[^/]+\/([^/]+\/[^/]+)\//.exec(path)?.[1];
      return found === undefined ? [] : [found];
    });
    expect(new Set(runtimes)).toEqual(new Set([`${process.platform}/${process.arch}`]));
  });

  it("carries the models beside the archive, where the runtime can open them by path", () => {
    const hasModels = existsSync(join(projectRoot, "models"));
    expect(existsSync(join(resources, "models"))).toBe(hasModels);
    expect(archived.filter((path) => path.endsWith(".onnx"))).toEqual([]);
  });

  it("stays within its size budget", () => {
    const sizes = unpacked.map((path) => statSync(join(resources, "app.asar.unpacked", path)).size);
    const total = sizes.reduce(
      (sum, size) => sum + size,
      statSync(join(resources, "app.asar")).size,
    );
    expect(total).toBeLessThan(budgetBytes);
  });
});
