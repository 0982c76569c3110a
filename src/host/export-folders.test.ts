import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EngineApi } from "../shared/api.js";
import { exportOptionsSchema } from "../shared/documents.js";
import { ExportFolders, safeName } from "./export-folders.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectral-export-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const options = exportOptionsSchema.parse({
  documentId: "d-1",
  format: "png",
  quality: 90,
  embedRecipe: false,
});

function folders(saved: number[] = []): ExportFolders {
  let revision = 0;
  const engine = {
    exportDocument: async () => ({ bytes: Uint8Array.of(++revision), revision }),
    markSaved: async (request: { revision: number }) => void saved.push(request.revision),
  };
  // Proof of the cast: the folders call only these two.
  return new ExportFolders(engine as unknown as EngineApi);
}

describe("a chosen folder", () => {
  it("gets every file under a name of its own, and loses none that was there", async () => {
    await writeFile(join(folder, "sea.png"), "mine");
    const saved: number[] = [];
    const target = folders(saved);
    const { folderId } = target.add(folder);
    const write = (name: string) => target.write({ folderId, name, options });
    const names = await Promise.all(["sea.png", "sea.png", "land.png"].map(write));
    expect(names.map(({ name }) => name)).toEqual(["sea (2).png", "sea (3).png", "land.png"]);
    expect(await readFile(join(folder, "sea.png"), "utf8")).toBe("mine");
    expect(saved).toEqual([1, 2, 3]);
  });

  it("is refused if nobody chose it, and a failure leaves the next one its turn", async () => {
    const target = folders();
    await expect(target.write({ folderId: "x", name: "a.png", options })).rejects.toMatchObject({
      code: "NOT_AVAILABLE",
    });
    const gone = target.add(join(folder, "gone"));
    await expect(
      target.write({ folderId: gone.folderId, name: "a.png", options }),
    ).rejects.toMatchObject({ code: "TARGET_UNWRITABLE" });
    const { folderId } = target.add(folder);
    await target.write({ folderId, name: "a.png", options });
    expect(await readdir(folder)).toEqual(["a.png"]);
  });

  it.each([
    ["../../etc/passwd", "_.._etc_passwd"],
    ["a:b?.png", "a_b_.png"],
    ["CON.png", "_CON.png"],
    ["..", "picture"],
    ["größe 1.png", "größe 1.png"],
  ])("turns the name %j into %j", (name, expected) => {
    expect(safeName(name)).toBe(expected);
  });

  it("never lets a name lead out of it", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 40 }), (name) => {
        expect(safeName(name)).not.toMatch(/[/\\\0]|^\.\.?$/);
        expect(safeName(name)).not.toBe("");
      }),
    );
  });
});
