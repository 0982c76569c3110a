import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv } from "ajv";
import { FileMatcher } from "app-builder-lib/out/fileMatcher";
import { describe, expect, it } from "vitest";
import config from "../../electron-builder.config";

const require = createRequire(import.meta.url);
const runtimeFolder = "node_modules/onnxruntime-node/bin/napi-v6";

/** Whether the packager would take a file of the project into a package for this machine. */
function isPacked(path: string, platform: string, arch: string): boolean {
  const expandMacros = (pattern: string) =>
    pattern.replaceAll("${platform}", platform).replaceAll("${arch}", arch);
  const patterns = config.files;
  if (!Array.isArray(patterns)) throw new Error("Expected `files` to be a list of patterns.");
  const texts = patterns.filter((pattern) => typeof pattern === "string");
  const matcher = new FileMatcher("/project", "/package", expandMacros, texts);
  const isFile = { isDirectory: () => false, isFile: () => true };
  // The filter asks only what kind of entry it is.
  return matcher.createFilter()(`/project/${path}`, isFile as never);
}

describe("the packager's configuration", () => {
  it("follows the packager's own schema", () => {
    const schema: unknown = JSON.parse(
      readFileSync(require.resolve("app-builder-lib/scheme.json"), "utf8"),
    );
    const ajv = new Ajv({ strict: false, allErrors: true });
    const validate = ajv.compile(schema as object);
    validate(config);
    expect(validate.errors ?? []).toEqual([]);
    // The check can fail: a misspelt option is refused.
    expect(validate({ ...config, asarUnpak: [] })).toBe(false);
  });

  it("closes every way around the signed code that Electron's fuses can close", () => {
    expect(config.electronFuses).toEqual({
      runAsNode: false,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      loadBrowserProcessSpecificV8Snapshot: false,
      grantFileProtocolExtraPrivileges: false,
    });
    expect(config.asar).toBe(true);
  });

  it("contacts no update service", () => {
    expect(config.publish).toBeNull();
  });

  const machines = [
    ["linux", "x64"],
    ["linux", "arm64"],
    ["darwin", "arm64"],
    ["win32", "x64"],
    ["win32", "arm64"],
  ] as const;

  it.each(machines)("packs the ONNX runtime of %s-%s and no other", (platform, arch) => {
    const packed = machines.filter(([otherPlatform, otherArch]) =>
      isPacked(`${runtimeFolder}/${otherPlatform}/${otherArch}/binding.node`, platform, arch),
    );
    expect(packed).toEqual([[platform, arch]]);
  });

  it("offers no package for a machine that the ONNX runtime has no binary for", () => {
    const archsOf = (targets: unknown): string[] =>
      Array.isArray(targets)
        ? targets.flatMap((target: { arch?: string | string[] }) => target.arch ?? [])
        : [];
    const offered = {
      linux: new Set(archsOf(config.linux?.target)),
      darwin: new Set(archsOf(config.mac?.target)),
      win32: new Set(archsOf(config.win?.target)),
    };
    for (const [platform, archs] of Object.entries(offered)) {
      for (const arch of archs) {
        expect(machines, `${platform}-${arch}`).toContainEqual([platform, arch]);
      }
    }
    expect(offered.darwin).toEqual(new Set(["arm64"]));
  });
});
