import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Provider } from "./device.js";

/** A program that tells about hardware is no reason to wait longer than this. */
const TELL_TIMEOUT_MS = 10_000;
const NVIDIA_FOLDER = "/proc/driver/nvidia";

/**
 * Why a provider cannot work here at all, as far as that is seen without loading native code; null
 * if only a probe can tell.
 */
export function whyAbsent(provider: Provider): string | null {
  if (process.platform !== "linux" || provider === "cpu") return null;
  if (!hasGraphicsDevice()) {
    return "Expected a graphics card but the system shows none to this program; check that its driver is installed.";
  }
  if (provider !== "cuda" || existsSync(cudaLibrary())) return null;
  return "Expected the runtime's CUDA library but it is not installed; see docs/decisions/0001-tooling.md for how to add it.";
}

function hasGraphicsDevice(): boolean {
  // The last one is the graphics card of Windows under its Linux subsystem.
  const nodes = ["/dev/dri", NVIDIA_FOLDER, "/dev/nvidiactl", "/dev/dxg"];
  // A driver that is named by hand may compute without a card, as SwiftShader and lavapipe do.
  const named = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].some((name) => process.env[name]);
  return named || nodes.some((path) => existsSync(path));
}

function cudaLibrary(): string {
  const runtime = dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"));
  return join(runtime, "bin/napi-v6/linux", process.arch, "libonnxruntime_providers_cuda.so");
}

/** Version of the graphics driver where the system tells it, else that of the system. */
export function driverVersion(systemRelease: string): string {
  try {
    const text = readFileSync(join(NVIDIA_FOLDER, "version"), "utf8");
    return /Kernel Module\s+(?:for \S+\s+)?([\d.]+)/.exec(text)?.[1] ?? systemRelease;
  } catch {
    return systemRelease;
  }
}

/** The graphics card's own name, or an empty text where nothing tells it. */
export async function graphicsName(): Promise<string> {
  try {
    switch (process.platform) {
      case "linux":
        return nvidiaName();
      case "win32":
        return firstLine(
          await tell("powershell.exe", [
            "-NoProfile",
            "-Command",
            "(Get-CimInstance Win32_VideoController).Name",
          ]),
        );
      case "darwin":
        return macGraphicsName(await tell("/usr/sbin/system_profiler", ["SPDisplaysDataType"]));
      default:
        return "";
    }
  } catch {
    return "";
  }
}

function nvidiaName(): string {
  const folder = join(NVIDIA_FOLDER, "gpus");
  const [first] = readdirSync(folder).sort();
  if (first === undefined) return "";
  return nvidiaModel(readFileSync(join(folder, first, "information"), "utf8"));
}

/** The model's name in the driver's own words about a card. */
export function nvidiaModel(information: string): string {
  return short(/^Model:\s*(.+)$/m.exec(information)?.[1] ?? "");
}

/** The first chip in the system profiler's list of displays. */
export function macGraphicsName(profile: string): string {
  return short(/^\s*Chipset Model:\s*(.+)$/m.exec(profile)?.[1] ?? "");
}

function firstLine(text: string): string {
  return short(text.split(/\r?\n/).find((line) => line.trim() !== "") ?? "");
}

function short(name: string): string {
  return name.trim().slice(0, 100);
}

async function tell(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, [...args], {
    timeout: TELL_TIMEOUT_MS,
    windowsHide: true,
  });
  return stdout;
}
