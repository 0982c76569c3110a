/**
 * Fetches the ESRGAN models of the npm packages `@upscalerjs/esrgan-*` and converts them to ONNX, for
 * `npm run bench:upscale` to compare with:
 *
 *     npm run bench:peers -- [--out reports/peers] [--python python3]
 *
 * The Python needs the training package (see training/README.md). Nothing of it is committed.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { projectRoot } from "./lib/project";

/** Exact, so that everybody compares with the same weights. */
const VERSION = "1.0.0";
const SIZES = ["slim", "medium", "thick"];
const FACTORS = [2, 4, 8];

const { values: options } = parseArgs({
  options: {
    out: { type: "string", default: "reports/peers" },
    python: { type: "string", default: "python3" },
  },
});
const out = resolve(options.out);
const folder = mkdtempSync(join(tmpdir(), "spectral-peers-"));
try {
  mkdirSync(out, { recursive: true });
  for (const size of SIZES) {
    const unpacked = join(folder, size);
    mkdirSync(unpacked);
    const name = `@upscalerjs/esrgan-${size}@${VERSION}`;
    // On Windows npm is a script, which only a shell starts.
    const npm = { cwd: unpacked, shell: process.platform === "win32" };
    execFileSync("npm", ["pack", "--silent", name], npm);
    execFileSync("tar", ["xzf", `upscalerjs-esrgan-${size}-${VERSION}.tgz`], { cwd: unpacked });
    for (const factor of FACTORS) {
      const file = join(out, `esrgan-${size}-x${factor}.onnx`);
      const source = ["--package", join(unpacked, "package"), "--factor", String(factor)];
      execFileSync(options.python, ["-m", "spectral_training.peers", ...source, "--out", file], {
        cwd: join(projectRoot, "training"),
        stdio: "inherit",
      });
      console.log(file);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
