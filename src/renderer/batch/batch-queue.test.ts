import { describe, expect, it } from "vitest";
import { LoudTransport, type LoudHandlers } from "../../../test/fixtures/loud-transport.js";
import { documentInfo, finished, smallModel } from "../../../test/fixtures/screen-data.js";
import { AppError } from "../../core/errors.js";
import { createApiClient } from "../../shared/client.js";
import { documentIdSchema, jobIdSchema } from "../../shared/ids.js";
import type { PickedFile } from "../app/platform.js";
import { BatchQueue } from "./batch-queue.svelte.js";

const file = (name: string, byteLength = 3): PickedFile => ({
  name,
  byteLength,
  read: async () => new Uint8Array(byteLength),
});

/** An engine that enlarges at once, and what it was asked. */
function setUp(handlers: LoudHandlers = {}) {
  const downloads: string[] = [];
  const open = new Set<string>();
  let mostOpen = 0;
  let count = 0;
  const transport = new LoudTransport({
    openDocument: ({ name }) => {
      const info = documentInfo({ name, documentId: documentIdSchema.parse(`d${++count}`) });
      open.add(info.documentId);
      mostOpen = Math.max(mostOpen, open.size);
      return info;
    },
    closeDocument: ({ documentId }) => {
      open.delete(documentId);
      return {};
    },
    startJob: () => {
      const jobId = jobIdSchema.parse(`j${count}`);
      queueMicrotask(() => queue.handle({ topic: "job-finished", payload: finished({ jobId }) }));
      return { jobId };
    },
    cancelJob: ({ jobId }) => {
      queue.handle({ topic: "job-cancelled", payload: { jobId } });
      return {};
    },
    acceptResult: () => documentInfo({ name: `name-${count}.png`, width: 80, height: 60 }),
    exportDocument: () => ({
      name: "x.png",
      mediaType: "image/png",
      bytes: new Uint8Array(4),
      revision: 1,
    }),
    ...handlers,
  });
  const errors: unknown[] = [];
  let finishes = 0;
  const queue: BatchQueue = new BatchQueue({
    api: createApiClient(transport),
    platform: {
      download: ({ name }) => downloads.push(name),
      randomSeed: () => 7,
      timer: (run) => {
        queueMicrotask(run);
        return () => undefined;
      },
    },
    model: () => smallModel,
    onError: (error) => errors.push(error),
    onFinished: () => finishes++,
  });
  const states = () => queue.items.map(({ state }) => state.kind);
  return {
    queue,
    transport,
    downloads,
    states,
    errors,
    finishes: () => finishes,
    open,
    mostOpen: () => mostOpen,
  };
}

describe("a batch", () => {
  it("takes every picture through, one open at a time, and leaves none open", async () => {
    const { queue, states, downloads, transport, open, mostOpen, finishes } = setUp();
    queue.add([file("a.png"), file("b.png"), file("c.png")]);
    await queue.start();
    expect(states()).toEqual(["done", "done", "done"]);
    expect(downloads).toHaveLength(3);
    expect([open.size, mostOpen(), finishes()]).toEqual([0, 1, 1]);
    expect(transport.lastRequest("openDocument").isTransient).toBe(true);
    expect(transport.lastRequest("startJob")).toMatchObject({ kind: "upscale", factor: 2 });
  });

  it("goes on after a file that cannot be read, and says why", async () => {
    const { queue, states, open } = setUp({
      openDocument: ({ name }) => {
        if (name === "b.jpg") throw new AppError("FILE_TRUNCATED", "Expected a whole file.");
        return documentInfo({ name });
      },
    });
    queue.add([file("a.jpg"), file("b.jpg"), file("c.jpg")]);
    await queue.start();
    expect(states()).toEqual(["done", "failed", "done"]);
    expect(queue.items[1]?.state).toMatchObject({ error: { code: "FILE_TRUNCATED" } });
    expect(open.size).toBe(0);
    expect(queue.failed).toBe(1);
  });

  it("gives two results of one name two names", async () => {
    const { queue, downloads } = setUp({ acceptResult: () => documentInfo({ name: "sea.png" }) });
    queue.add([file("sea.png", 3), file("sea.png", 4)]);
    await queue.start();
    expect(downloads).toEqual(["sea.png", "sea (2).png"]);
  });

  it("leaves out what is in the list already, until it is asked to try again", async () => {
    const { queue, states } = setUp();
    queue.add([file("a.png"), file("a.png")]);
    await queue.start();
    expect(states()).toEqual(["done", "skipped"]);
    queue.retry(queue.items[1]!.id);
    await queue.start();
    expect(states()).toEqual(["done", "done"]);
  });

  it("aims at a size, leaves out what has it, and refuses what no job can make", async () => {
    const { queue, states, transport } = setUp();
    queue.settings.by = "side";
    queue.settings.side = 100;
    queue.add([file("a.png")]);
    await queue.start();
    expect(transport.lastRequest("startJob")).toMatchObject({
      factor: 4,
      size: { width: 100, height: 75 },
    });
    queue.settings.side = 40;
    queue.add([file("b.png")]);
    await queue.start();
    expect(queue.items[1]?.state).toEqual({ kind: "skipped", reason: "largeEnough" });
    queue.settings.side = 60_000;
    queue.retry(queue.items[1]!.id);
    await queue.start();
    expect(queue.items[1]?.state).toEqual({ kind: "skipped", reason: "tooLarge" });
    expect(states()).toEqual(["done", "skipped"]);
  });

  it("tries a picture once more whose engine died, and goes on with the others after that", async () => {
    let deaths = 0;
    const { queue, states } = setUp({
      acceptResult: () => {
        if (deaths++ < 3) throw new AppError("ENGINE_DIED", "Expected the engine to finish.");
        return documentInfo();
      },
    });
    queue.add([file("a.png"), file("b.png")]);
    await queue.start();
    expect(states()).toEqual(["failed", "done"]);
    expect(queue.items[0]?.state).toMatchObject({ error: { code: "ENGINE_DIED" } });
  });

  it("stops the picture at work and those that wait, which can go on later", async () => {
    const { queue, states, transport, open } = setUp({
      startJob: () => ({ jobId: jobIdSchema.parse("slow") }),
    });
    queue.add([file("a.png"), file("b.png")]);
    const working = queue.start();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    expect(states()).toEqual(["running", "waiting"]);
    queue.remove(queue.items[0]!.id);
    expect(queue.items).toHaveLength(2);
    queue.stop();
    await working;
    expect(states()).toEqual(["stopped", "stopped"]);
    expect(transport.methods).toContain("cancelJob");
    expect(open.size).toBe(0);
  });

  it("writes into a chosen folder, and a full disk fails each picture with its reason", async () => {
    const { queue, states, downloads } = setUp({
      exportToFolder: ({ name }) => {
        if (name.startsWith("name-2")) throw new AppError("DISK_FULL", "Expected room.");
        return { name: `${name} (2)` };
      },
    });
    queue.settings.output = "folder";
    queue.settings.folder = { folderId: "f", name: "out" };
    queue.add([file("a.png"), file("b.png")]);
    await queue.start();
    expect(states()).toEqual(["done", "failed"]);
    expect(queue.items[0]?.state).toMatchObject({ name: "name-1.png (2)" });
    expect(downloads).toEqual([]);
  });

  it("hands over one zip file at the end if that was asked for", async () => {
    const { queue, downloads } = setUp();
    queue.settings.output = "zip";
    queue.add([file("a.png"), file("b.png")]);
    await queue.start();
    expect(downloads).toEqual(["upscaled.zip"]);
  });

  it("works on pictures that come while it runs", async () => {
    const { queue, states } = setUp();
    queue.add([file("a.png")]);
    const working = queue.start();
    queue.add([file("b.png")]);
    await working;
    expect(states()).toEqual(["done", "done"]);
    queue.removeFinished();
    expect(queue.items).toEqual([]);
  });
});
