import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const projectRoot = resolve(import.meta.dirname, "../..");
const versions = z.record(z.string(), z.string()).default({});
const manifest = z
  .object({
    dependencies: versions,
    devDependencies: versions,
    allowScripts: z.record(z.string(), z.boolean()),
  })
  .parse(readJson("package.json"));
const lockFile = z
  .object({
    packages: z.record(
      z.string(),
      z.object({
        resolved: z.string().optional(),
        integrity: z.string().optional(),
        link: z.boolean().optional(),
        inBundle: z.boolean().optional(),
        optionalDependencies: versions,
      }),
    ),
  })
  .parse(readJson("package-lock.json"));

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(resolve(projectRoot, name), "utf8"));
}

describe("the project's dependencies", () => {
  it("are pinned to exact versions", () => {
    const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it("are locked by content and not by the address of one machine's registry", () => {
    const installed = Object.entries(lockFile.packages).filter(([path]) =>
      path.includes("node_modules/"),
    );
    const addressed = installed.filter(([, { resolved }]) => resolved?.includes("://"));
    expect(addressed).toEqual([]);
    const unchecked = installed.filter(
      ([, entry]) =>
        entry.integrity === undefined && entry.link !== true && entry.inBundle !== true,
    );
    expect(unchecked).toEqual([]);
  });

  it("are locked for every platform, else `npm ci` refuses the lock file on the others", () => {
    const locked = new Set(
      Object.keys(lockFile.packages).map((path) =>
        path.slice(path.lastIndexOf("node_modules/") + 13),
      ),
    );
    const wanted = Object.values(lockFile.packages).flatMap(({ optionalDependencies }) =>
      Object.keys(optionalDependencies),
    );
    expect(wanted.filter((name) => !locked.has(name))).toEqual([]);
  });

  it("run no install scripts, so that an install downloads nothing but packages", () => {
    expect(Object.values(manifest.allowScripts).filter(Boolean)).toEqual([]);
    const settings = readFileSync(resolve(projectRoot, ".npmrc"), "utf8");
    expect(settings).toMatch(/^onnxruntime-node-install=skip$/m);
  });
});
