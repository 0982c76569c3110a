import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EditorApi } from "../../src/shared/api";
import { createApiClient } from "../../src/shared/client";
import { unwrapEnvelope } from "../../src/shared/envelope";
import { debugModelsDir } from "../engine/debug-bundle";
import { startHostProcess, type HostProcess } from "../support/loopback-host";
import { decodeFrame, encodeFrame, FRAME_MEDIA_TYPE } from "../../src/shared/framing";

const root = join(import.meta.dirname, "../..");
const photo = readFileSync(join(root, "assets/samples/flowers-96x64.jpg"));

let folder: string;
const hosts: HostProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spectral-test-"));
  mkdirSync(join(folder, "page"));
  writeFileSync(join(folder, "page/index.html"), "<!doctype html>");
});
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.end("SIGKILL");
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

interface Host {
  readonly end: HostProcess["end"];
  readonly api: EditorApi;
}

/** Starts a host and talks to it as a page does. */
async function startHost(): Promise<Host> {
  const host = await startHostProcess({
    rendererDir: join(folder, "page"),
    modelsDir: debugModelsDir,
    childPath: join(root, "src/engine/child.ts"),
    childExecArgv: ["--import", "tsx"],
    sessionParentDir: join(folder, "sessions"),
  });
  hosts.push(host);
  const { address } = host;
  const { headers } = await fetch(address, { redirect: "manual" });
  const Cookie = (headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const api = createApiClient({
    invoke: async (method, request) => {
      const response = await fetch(`${address.origin}/api/${method}`, {
        method: "POST",
        headers: { Cookie, Origin: address.origin, "Content-Type": FRAME_MEDIA_TYPE },
        body: encodeFrame(request),
      });
      return unwrapEnvelope(decodeFrame(new Uint8Array(await response.arrayBuffer())));
    },
  });
  return { end: (signal) => host.end(signal), api };
}

const photoOf = (name: string) => ({ name, bytes: Uint8Array.from(photo) });

test("kill -9 of the host loses no document: the next start offers it and opens it whole", async () => {
  const first = await startHost();
  const opened = await first.api.openDocument(photoOf("flowers.jpg"));
  await first.api.openDocument({ ...photoOf("batch.jpg"), isTransient: true });
  const options = {
    documentId: opened.documentId,
    format: "png",
    quality: 90,
    embedRecipe: false,
  } as const;
  const before = await first.api.exportDocument(options);
  expect((await first.api.listRecoveries({})).recoveries).toEqual([]);
  await first.end("SIGKILL");

  const second = await startHost();
  const { recoveries } = await second.api.listRecoveries({});
  expect(recoveries).toMatchObject([{ name: "flowers.jpg", width: 96, height: 64, edits: 0 }]);
  expect((await second.api.listDocuments({})).documents).toEqual([]);
  const recovered = await second.api.recoverDocument({ recoveryId: recoveries[0]!.recoveryId });
  expect(recovered).toEqual(opened);
  expect((await second.api.exportDocument(options)).bytes).toEqual(before.bytes);
  expect((await second.api.listDocuments({})).documents).toEqual([opened]);
  expect((await second.api.listRecoveries({})).recoveries).toEqual([]);
  expect(readdirSync(join(folder, "sessions"))).toHaveLength(1);
});

test("what a person does not want back is deleted, and is not offered again", async () => {
  const first = await startHost();
  await first.api.openDocument(photoOf("a.jpg"));
  await first.end("SIGKILL");
  const second = await startHost();
  const [found] = (await second.api.listRecoveries({})).recoveries;
  await second.api.forgetRecovery({ recoveryId: found!.recoveryId });
  expect((await second.api.listRecoveries({})).recoveries).toEqual([]);
  await expect(second.api.recoverDocument({ recoveryId: found!.recoveryId })).rejects.toMatchObject(
    { code: "DOCUMENT_UNKNOWN" },
  );
});

test("a host that is ended properly leaves nothing behind if everything is saved", async () => {
  const host = await startHost();
  await host.api.openDocument(photoOf("a.jpg"));
  await host.end("SIGTERM");
  expect(readdirSync(join(folder, "sessions"))).toEqual([]);
});

test("a second host beside a living one neither offers nor touches its documents", async () => {
  const first = await startHost();
  const { documentId } = await first.api.openDocument(photoOf("a.jpg"));
  const second = await startHost();
  expect((await second.api.listRecoveries({})).recoveries).toEqual([]);
  const [name] = readdirSync(join(folder, "sessions"));
  await expect(
    second.api.forgetRecovery({ recoveryId: `${name}/${documentId}` }),
  ).rejects.toMatchObject({ code: "DOCUMENT_UNKNOWN" });
  expect((await first.api.getDocument({ documentId })).name).toBe("a.jpg");
});
