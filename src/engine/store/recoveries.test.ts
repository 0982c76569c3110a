import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRaster, rastersEqual } from "../../core/raster.js";
import { NO_METADATA } from "../files/metadata.js";
import { releaseSession, takeSession } from "../process/session-owner.js";
import { DocumentStore, type NewDocument } from "./document-store.js";
import { Recoveries } from "./recoveries.js";

let parent = "";
let mine = "";
let recoveries: Recoveries;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "spectral-recoveries-"));
  mine = join(parent, "mine");
  await mkdir(mine);
  takeSession(mine);
  recoveries = new Recoveries(mine);
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const picture = createRaster(6, 4, 3, 8);
picture.data.forEach((_, index) => (picture.data[index] = index * 3));

const opened = (name: string): NewDocument => ({
  name,
  format: "png",
  raster: picture,
  metadata: NO_METADATA,
  kind: "open",
  label: "Open",
  recipe: null,
});

const edit = {
  kind: "edit" as const,
  label: "Edit",
  recipe: { request: { kind: "edit", modelId: "m", seed: 1, prompt: "" }, madeBy: null },
  change: { patch: createRaster(1, 1, 3, 8), rect: { x: 1, y: 1, width: 1, height: 1 } },
};

/** A session folder as a host that was killed leaves it. */
async function deadSession(name: string, owner = "dead"): Promise<DocumentStore> {
  const folder = join(parent, name);
  await mkdir(folder);
  if (owner === "dead") releaseSession(folder);
  else if (owner === "garbled") await writeFile(join(folder, "owner.json"), '{"pid":');
  else if (owner !== "none") await writeFile(join(folder, "owner.json"), owner);
  return new DocumentStore(folder);
}

describe("recovery", () => {
  it("offers what a dead host left, with name, size, edits and time, newest first", async () => {
    const first = await deadSession("first");
    const second = await deadSession("second");
    const { documentId } = await first.add(opened("old.png"));
    await first.append(documentId, edit);
    await utimes(
      join(parent, "first/documents", documentId, "document.json"),
      1e9,
      Date.now() / 1000 - 60,
    );
    await second.add(opened("new.png"));
    const list = await recoveries.list();
    expect(list.map(({ name, width, height, edits }) => [name, width, height, edits])).toEqual([
      ["new.png", 6, 4, 0],
      ["old.png", 6, 4, 1],
    ]);
    expect(Math.abs(Date.now() - (list[0]?.changedAt ?? 0))).toBeLessThan(60_000);
  });

  it("opens a document with its whole history, and leaves nothing behind", async () => {
    const dead = await deadSession("dead");
    const { documentId } = await dead.add(opened("a.png"));
    await dead.append(documentId, edit);
    const [found] = await recoveries.list();
    expect(await recoveries.take(found!.recoveryId)).toBe(documentId);
    const store = new DocumentStore(mine);
    const { state } = await store.get(documentId);
    expect(state.entries).toHaveLength(2);
    expect(rastersEqual(await store.raster(documentId, 0), picture)).toBe(true);
    expect(await readdir(parent)).toEqual(["mine"]);
    await expect(recoveries.take(found!.recoveryId)).rejects.toMatchObject({
      code: "DOCUMENT_UNKNOWN",
    });
  });

  it("forgets a document for good", async () => {
    const dead = await deadSession("dead");
    await dead.add(opened("a.png"));
    const { documentId } = await dead.add(opened("b.png"));
    await recoveries.forget(`dead/${documentId}`);
    expect((await recoveries.list()).map(({ name }) => name)).toEqual(["a.png"]);
  });

  it("leaves the documents of a living host alone", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    try {
      const alive = await deadSession(
        "alive",
        JSON.stringify({ pid: child.pid, startedAt: Date.now() }),
      );
      const { documentId } = await alive.add(opened("a.png"));
      expect(await recoveries.list()).toEqual([]);
      for (const call of ["take", "forget"] as const) {
        await expect(recoveries[call](`alive/${documentId}`)).rejects.toThrow(/not there/);
      }
      child.kill("SIGKILL");
      await once(child, "exit");
      expect(await recoveries.list()).toHaveLength(1);
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("knows a number that another process got after the machine was started again", async () => {
    const owner = JSON.stringify({ pid: process.pid, startedAt: 1 });
    await (await deadSession("before-restart", owner)).add(opened("a.png"));
    expect(await recoveries.list()).toHaveLength(1);
  });

  it("offers what lies beside a half-written mark, and nothing of a folder without one", async () => {
    await (await deadSession("garbled", "garbled")).add(opened("a.png"));
    await (await deadSession("foreign", "none")).add(opened("b.png"));
    expect((await recoveries.list()).map(({ name }) => name)).toEqual(["a.png"]);
    expect((await readdir(parent)).sort()).toEqual(["foreign", "garbled", "mine"]);
  });

  it("deletes what is too old, what was only part of a batch, and empty folders", async () => {
    const dead = await deadSession("dead");
    await dead.add({ ...opened("batch.png"), isTransient: true });
    await dead.add(opened("a.png"));
    await deadSession("empty");
    const month = 31 * 24 * 60 * 60 * 1000;
    expect(await recoveries.list()).toHaveLength(1);
    expect((await readdir(parent)).sort()).toEqual(["dead", "mine"]);
    expect(await new Recoveries(mine, () => Date.now() + month).list()).toEqual([]);
    expect(await readdir(parent)).toEqual(["mine"]);
  });

  it("passes over a document whose index is damaged", async () => {
    const dead = await deadSession("dead");
    const { documentId } = await dead.add(opened("a.png"));
    await dead.add(opened("b.png"));
    await writeFile(join(parent, "dead/documents", documentId, "document.json"), "{");
    expect((await recoveries.list()).map(({ name }) => name)).toEqual(["b.png"]);
    await expect(recoveries.take(`dead/${documentId}`)).rejects.toMatchObject({
      code: "IMAGE_DAMAGED",
    });
  });

  it.each(["../x/d-1", "mine/..", "a/b/c", "", "/etc/passwd", "mine\\d-1", "dead/"])(
    "refuses %j, which names no document",
    async (recoveryId) => {
      await symlink("/", join(parent, "link")).catch(() => undefined);
      for (const call of ["take", "forget"] as const) {
        await expect(recoveries[call](recoveryId)).rejects.toMatchObject({
          code: "DOCUMENT_UNKNOWN",
        });
      }
    },
  );
});
