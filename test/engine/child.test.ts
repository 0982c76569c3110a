import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  engineArguments,
  parseEngineMessage,
  type EngineToHostMessage,
} from "../../src/shared/engine-messages.js";
import { debugModelId, debugModelsDir } from "./debug-bundle.js";

const childPath = fileURLToPath(new URL("../../src/engine/child.ts", import.meta.url));

let sessionDir = "";
const children: ChildProcess[] = [];
beforeEach(async () => {
  sessionDir = await mkdtemp(join(tmpdir(), "spectral-child-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(sessionDir, { recursive: true, force: true });
});

/** A real engine process, as hosts start it. */
function start() {
  const child = fork(childPath, engineArguments({ modelsDir: debugModelsDir, sessionDir }), {
    serialization: "advanced",
    execArgv: ["--import", "tsx"],
    stdio: ["ignore", 2, 2, "ipc"],
  });
  children.push(child);
  const messages: EngineToHostMessage[] = [];
  child.on("message", (message) => messages.push(parseEngineMessage(message)));
  let nextId = 0;
  const until = async (find: (message: EngineToHostMessage) => boolean) => {
    for (;;) {
      const found = messages.find(find);
      if (found) return found;
      await once(child, "message");
    }
  };
  const call = async (method: string, params: unknown): Promise<Record<string, unknown>> => {
    const id = nextId++;
    child.send({ id, method, params });
    const reply = await until((message) => "id" in message && message.id === id);
    if (!("ok" in reply)) throw new Error("no reply");
    if (!reply.ok) throw Object.assign(new Error(reply.error.message), reply.error);
    return reply.result as Record<string, unknown>;
  };
  return { child, call, until };
}

const flowers = new URL("../../assets/samples/flowers-96x64.jpg", import.meta.url);

const upscale = (documentId: unknown) => ({
  kind: "upscale",
  documentId,
  modelId: debugModelId,
  factor: 8,
  creativity: 1,
  prompt: "a dog",
  seed: 1,
  guidance: 2,
});

describe("the engine process", () => {
  it("answers, reports errors as data, and refuses what is no request", async () => {
    const { child, call } = start();
    expect(await call("ping", {})).toEqual({});
    await expect(
      call("openDocument", { name: "a.png", bytes: new Uint8Array(3) }),
    ).rejects.toMatchObject({
      code: "FILE_NOT_AN_IMAGE",
    });
    await expect(call("rm", {})).rejects.toMatchObject({ code: "REQUEST_INVALID" });
    await expect(call("undo", { documentId: "../.." })).rejects.toMatchObject({
      code: "REQUEST_INVALID",
    });
    child.send("nonsense");
    expect(await call("ping", {})).toEqual({});
  });

  it("answers a ping and a cancel while it works", async () => {
    const { call, until } = start();
    const bytes = Uint8Array.from(await readFile(flowers));
    const { documentId } = await call("openDocument", { name: "flowers.jpg", bytes });
    const { jobId } = await call("startJob", upscale(documentId));
    await until((message) => "event" in message && message.event === "job-progress");
    await call("ping", {});
    await call("cancelJob", { jobId });
    await until((message) => "event" in message && message.event === "job-cancelled");
  });

  it("leaves documents whole when it is killed in the middle of a job", async () => {
    const first = start();
    const bytes = Uint8Array.from(await readFile(flowers));
    const document = await first.call("openDocument", { name: "flowers.jpg", bytes });
    await first.call("startJob", upscale(document.documentId));
    await first.until((message) => "event" in message && message.event === "job-progress");
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    const second = start();
    const { documentId } = document;
    expect(await second.call("getDocument", { documentId })).toEqual(document);
    const tile = { documentId, revision: 0, level: 0, column: 0, row: 0 };
    expect(await second.call("readTile", tile)).toMatchObject({ width: 96, height: 64 });
  });

  it("ends when its host goes away", async () => {
    const { child, call } = start();
    await call("ping", {});
    child.disconnect();
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});
