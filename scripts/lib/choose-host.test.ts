import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseHost } from "./choose-host";

let electronFolder: string;

beforeEach(() => {
  electronFolder = mkdtempSync(join(tmpdir(), "choose-host-"));
});
afterEach(() => {
  rmSync(electronFolder, { recursive: true });
});

function installElectron(): string {
  mkdirSync(join(electronFolder, "dist"));
  writeFileSync(join(electronFolder, "path.txt"), "electron");
  const executable = join(electronFolder, "dist/electron");
  writeFileSync(executable, "");
  return executable;
}

describe("the host of npm start", () => {
  it("is Electron where its binary is installed and there is a display", () => {
    const executable = installElectron();
    const env = { WAYLAND_DISPLAY: "wayland-0" };
    expect(chooseHost({ platform: "linux", env, electronFolder })).toEqual({
      kind: "electron",
      executable,
    });
    expect(chooseHost({ platform: "darwin", env: {}, electronFolder }).kind).toBe("electron");
  });

  it("is the browser, with a reason, where the binary was never fetched", () => {
    const choice = chooseHost({ platform: "linux", env: { DISPLAY: ":0" }, electronFolder });
    expect(choice).toEqual({
      kind: "browser",
      reason: expect.stringContaining("npx install-electron"),
    });
  });

  it("is the browser where the package names a binary that is gone", () => {
    writeFileSync(join(electronFolder, "path.txt"), "electron");
    const choice = chooseHost({ platform: "linux", env: { DISPLAY: ":0" }, electronFolder });
    expect(choice.kind).toBe("browser");
  });

  it("is the browser where there is no display", () => {
    installElectron();
    const choice = chooseHost({ platform: "linux", env: { DISPLAY: "" }, electronFolder });
    expect(choice).toEqual({
      kind: "browser",
      reason: expect.stringContaining("no display"),
    });
  });

  it("follows Electron's own variable for a binary elsewhere", () => {
    const elsewhere = join(electronFolder, "elsewhere");
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, "electron"), "");
    const env = { DISPLAY: ":0", ELECTRON_OVERRIDE_DIST_PATH: elsewhere };
    expect(chooseHost({ platform: "linux", env, electronFolder })).toEqual({
      kind: "electron",
      executable: join(elsewhere, "electron"),
    });
  });
});
