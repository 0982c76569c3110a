import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeFileAtomically } from "./atomic-write.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectral-write-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const bytes = Uint8Array.from([1, 2, 3]);

describe("an atomic write", () => {
  it("writes a new file, also with letters beyond ASCII in its name, and leaves nothing else", async () => {
    const path = join(folder, "Größe 写真.png");
    await writeFileAtomically(path, bytes);
    expect([...(await readFile(path))]).toEqual([1, 2, 3]);
    expect(await readdir(folder)).toEqual(["Größe 写真.png"]);
  });

  it("replaces a file and keeps its mode", async () => {
    const path = join(folder, "a.png");
    await writeFile(path, "old", { mode: 0o600 });
    await writeFileAtomically(path, bytes);
    expect([...(await readFile(path))]).toEqual([1, 2, 3]);
    expect((await lstat(path)).mode & 0o777).toBe(0o600);
  });

  it("writes through a link instead of replacing it", async () => {
    await writeFile(join(folder, "real.png"), "old");
    await symlink(join(folder, "real.png"), join(folder, "link.png"));
    await writeFileAtomically(join(folder, "link.png"), bytes);
    expect([...(await readFile(join(folder, "real.png")))]).toEqual([1, 2, 3]);
    expect((await lstat(join(folder, "link.png"))).isSymbolicLink()).toBe(true);
  });

  it("says so when the folder does not exist or the target is a folder, and leaves nothing behind", async () => {
    await mkdir(join(folder, "sub"));
    await expect(writeFileAtomically(join(folder, "no", "a.png"), bytes)).rejects.toMatchObject({
      code: "TARGET_UNWRITABLE",
    });
    await expect(writeFileAtomically(join(folder, "sub"), bytes)).rejects.toMatchObject({
      code: "TARGET_UNWRITABLE",
    });
    expect(await readdir(folder)).toEqual(["sub"]);
  });

  it.skipIf(process.platform === "win32")(
    "does not replace a device or a pipe by a file",
    async () => {
      await expect(writeFileAtomically("/dev/null", bytes)).rejects.toMatchObject({
        code: "TARGET_UNWRITABLE",
      });
      expect((await lstat("/dev/null")).isCharacterDevice()).toBe(true);
    },
  );
});
