import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** How `npm start` opens the app, and why not in Electron when it does not. */
export type HostChoice =
  | { readonly kind: "electron"; readonly executable: string }
  | { readonly kind: "browser"; readonly reason: string };

/** What the choice depends on, gathered so that it can be tested. */
export interface HostFacts {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The project's `node_modules/electron`. */
  readonly electronFolder: string;
}

/** Whether a window can appear at all; only Linux and its relatives tell by the environment. */
export function hasDisplay({ platform, env }: HostFacts): boolean {
  if (platform === "darwin" || platform === "win32") return true;
  return (env["DISPLAY"] ?? "") !== "" || (env["WAYLAND_DISPLAY"] ?? "") !== "";
}

/**
 * The installed Electron executable, or null.
 *
 * Only files are looked at: importing the `electron` package downloads a missing binary.
 */
export function findElectron({ env, electronFolder }: HostFacts): string | null {
  const pathFile = join(electronFolder, "path.txt");
  const name = existsSync(pathFile) ? readFileSync(pathFile, "utf8").trim() : "";
  const override = env["ELECTRON_OVERRIDE_DIST_PATH"] ?? "";
  if (override === "" && name === "") return null;
  const executable =
    override === ""
      ? join(electronFolder, "dist", name)
      : join(override, name === "" ? "electron" : name);
  return existsSync(executable) ? executable : null;
}

/** Electron where its binary is installed and a window can appear, else the browser. */
export function chooseHost(facts: HostFacts): HostChoice {
  const executable = findElectron(facts);
  if (executable === null) {
    const reason = "Electron's binary is not installed here (`npx install-electron` fetches it)";
    return { kind: "browser", reason };
  }
  if (!hasDisplay(facts)) return { kind: "browser", reason: "there is no display for a window" };
  return { kind: "electron", executable };
}
