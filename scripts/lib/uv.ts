import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./project";
import { runCommand } from "./run-command";

function answers(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

const isWindows = process.platform === "win32";

/** Where a virtual environment keeps its programs. */
function programIn(environment: string, name: string): string {
  return isWindows ? join(environment, "Scripts", `${name}.exe`) : join(environment, "bin", name);
}

/**
 * Finds uv on the PATH, else installs it by pip into an environment of its own under
 * `node_modules/.cache`, so that nothing outside of the project changes.
 *
 * @throws when there is no Python to install it with, or pip fails.
 */
export async function findUv(): Promise<string> {
  if (answers("uv")) return "uv";
  const environment = join(cacheFolder, "uv");
  const uv = programIn(environment, "uv");
  if (existsSync(uv) && answers(uv)) return uv;

  const python = ["python3", "python"].find(answers);
  if (python === undefined) {
    throw new Error(
      "Expected uv or Python 3 on the PATH but found neither; install one, or set SPECTRAL_SKIP_TRAINING=1 to leave the training tests out.",
    );
  }
  const made = await runCommand({ program: python, args: ["-m", "venv", environment] });
  const installed =
    made.code === 0
      ? await runCommand({
          program: programIn(environment, "python"),
          args: ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"],
        })
      : made;
  if (installed.code !== 0) {
    throw new Error(
      `Expected to install uv with ${python} -m venv and pip but it ended with code ${installed.code ?? "none"}; install uv yourself, or set SPECTRAL_SKIP_TRAINING=1 to leave the training tests out.`,
    );
  }
  return uv;
}
