import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
/** A disk of two megabytes that only the command sees, where the system lets us make one. */
const smallDisk = (folder: string, command: string) => [
  "--user",
  "--map-root-user",
  "--mount",
  "sh",
  "-c",
  `mount -t tmpfs -o size=2m tmpfs '${folder}' && ${command}`,
];

function canMakeDisk(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "spectral-disk-"));
  try {
    execFileSync("unshare", smallDisk(folder, "true"), { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test.skipIf(!canMakeDisk())(
  "a full disk costs the state that did not fit, says so, and nothing of the states before",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "spectral-disk-"));
    try {
      const script = join(root, "test/fixtures/fill-disk.ts");
      const command = `'${process.execPath}' --import tsx '${script}' '${folder}/session'`;
      const { stdout } = await promisify(execFile)("unshare", smallDisk(folder, command), {
        cwd: root,
      });
      expect(JSON.parse(stdout)).toEqual({ code: "DISK_FULL", isWhole: true, states: 2 });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
