import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../core/errors.js";
import type { EngineApi } from "../shared/api.js";
import { createRecentMethods } from "./document-methods.js";
import { Recents } from "./recents.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectral-recents-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const names = async (recents: Recents) => (await recents.list()).map(({ name }) => name);

describe("recent files", () => {
  it("come newest first, each once, over a restart, without their paths", async () => {
    let now = 0;
    const recents = new Recents(
      folder,
      () => undefined,
      () => ++now,
    );
    for (const name of ["a.png", "b.png", "a.png"]) await recents.add(join("/pictures", name));
    const again = new Recents(folder, () => undefined);
    expect(await names(again)).toEqual(["a.png", "b.png"]);
    const [first] = await again.list();
    expect(first?.openedAt).toBe(3);
    expect(JSON.stringify(first)).not.toContain("pictures");
    expect(await again.pathOf(first!.recentId)).toBe("/pictures/a.png");
  });

  it("are at most twenty, and none after they were cleared", async () => {
    const recents = new Recents(folder, () => undefined);
    await Promise.all(Array.from({ length: 30 }, (_, i) => recents.add(`/p/${i}.png`)));
    expect(await recents.list()).toHaveLength(20);
    await recents.clear();
    expect(await recents.list()).toEqual([]);
  });

  it("survive a damaged list, and one that cannot be written", async () => {
    await writeFile(join(folder, "recents.json"), "[{");
    const recents = new Recents(folder, () => undefined);
    expect(await recents.list()).toEqual([]);
    await recents.add("/p/a.png");
    expect(await names(recents)).toEqual(["a.png"]);
    const lines: string[] = [];
    const broken = new Recents(join(folder, "recents.json"), (line) => lines.push(line));
    await broken.add("/p/secret.png");
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain("secret");
  });

  it("forget a file that is gone, and say so", async () => {
    const recents = new Recents(null, () => undefined);
    const path = join(folder, "a.png");
    await recents.add(path);
    const engine = { openDocument: async ({ name }: { name: string }) => ({ name }) };
    // Proof of the cast: opening a path calls only this method.
    const methods = createRecentMethods(engine as unknown as EngineApi, recents);
    const { recents: list } = await methods.listRecents({});
    const request = { recentId: list[0]!.recentId };
    await expect(methods.openRecent(request)).rejects.toBeInstanceOf(AppError);
    expect((await methods.listRecents({})).recents).toEqual([]);
    await recents.add(path);
    await writeFile(path, "12345");
    expect(await methods.openRecent(request)).toMatchObject({ name: "a.png" });
  });
});
