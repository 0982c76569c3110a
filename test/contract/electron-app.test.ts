import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createOpenDialog, createSaveDialog } from "../../src/main/dialogs";
import { firstMenu, menuTemplate } from "../../src/main/menu";
import { pictureArgument } from "../../src/main/picture-argument";
import { Recents } from "../../src/host/recents";
import { startApp } from "../../src/main/start-app";
import { watchWindow } from "../../src/main/window-care";
import type { EngineApi } from "../../src/shared/api";
import { INVOKE_CHANNEL } from "../../src/shared/bridge";
import { exportOptionsSchema } from "../../src/shared/documents";
import { asWindow, FakeElectron, FakeWindow } from "./fixtures/fake-electron";

let folder: string;
let electron: FakeElectron;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spectral-test-"));
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>A page</title>");
  electron = new FakeElectron();
});

afterEach(() => {
  electron.app.emit("will-quit");
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

function start(argv: readonly string[] = ["electron", "."]): Promise<void> {
  return startApp(electron.api, {
    preloadPath: join(folder, "preload.cjs"),
    rendererDir: folder,
    modelsDir: join(folder, "models"),
    childPath: join(import.meta.dirname, "fixtures/tiny-engine.js"),
    sessionsDir: join(folder, "sessions"),
    configDir: join(folder, "config"),
    licencesPath: join(folder, "licences.txt"),
    argv,
    folder,
    platform: "linux",
    log: () => undefined,
  });
}

function invoke(method: string, request: unknown): Promise<unknown> {
  const { mainFrame } = electron.window.webContents;
  const event = { sender: electron.window.webContents, senderFrame: mainFrame };
  // Proof of the cast: the handler reads only these two members.
  return electron.handlers.get(INVOKE_CHANNEL)!(event as never, method, request);
}

const sentTopics = () => electron.window.webContents.sent.map(([, topic]) => topic);

test("the sandbox and the scheme are set before Electron is ready; then one page is loaded", async () => {
  await start();
  expect(electron.calls).toEqual(["enableSandbox", "registerSchemes", "ready"]);
  expect(electron.windows.map(({ loaded }) => loaded)).toEqual([["app://studio/"]]);
  expect(electron.defaultSession.check).not.toBeNull();
  expect(electron.window.webContents.openHandler?.()).toEqual({ action: "deny" });
  expect([...electron.handlers.keys()]).toEqual([INVOKE_CHANNEL]);
});

test("a second start of the app ends at once and opens nothing", async () => {
  electron.hasLock = false;
  await start();
  expect(electron.calls).toContain("quit");
  expect(electron.windows).toEqual([]);
});

test("calls and the engine's end reach the page; the next call is answered by a new process", async () => {
  await start();
  expect(await invoke("getDocument", { documentId: "doc-1" })).toMatchObject({
    ok: false,
    error: { code: "DOCUMENT_UNKNOWN" },
  });
  const pid = electron.enginePid!;
  process.kill(pid, "SIGKILL");
  await expect.poll(sentTopics, { timeout: 10_000 }).toContain("engine-restarted");
  expect(await invoke("getAppInfo", {})).toMatchObject({
    ok: true,
    result: { host: "electron", version: "1.2.3", device: { provider: "launch 2" } },
  });
  expect(electron.enginePid).not.toBe(pid);
});

test("quitting ends the engine and removes the session folder", async () => {
  await start();
  await invoke("getAppInfo", {});
  const pid = electron.enginePid!;
  electron.app.emit("will-quit");
  await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
  expect(readdirSync(join(folder, "sessions"))).toEqual([]);
});

test("a picture on the command line that is not there is told with the app's first answer", async () => {
  await start(["electron", ".", "none.png"]);
  expect(await invoke("getAppInfo", {})).toMatchObject({
    result: { startupDocument: null, startupError: { code: "FILE_NOT_FOUND" } },
  });
});

test("a second start with a picture focuses the window and tells what became of the picture", async () => {
  await start();
  electron.app.emit("second-instance", {}, ["electron", ".", "--flag", "none.png"], folder);
  await expect.poll(sentTopics).toContain("open-failed");
  expect(electron.window.focuses).toBe(1);
  const preventDefault = vi.fn();
  electron.app.emit("open-file", { preventDefault }, join(folder, "other.png"));
  expect(preventDefault).toHaveBeenCalledOnce();
});

const menu = {
  menus: [
    {
      label: "Öffnen & mehr",
      items: [
        {
          kind: "command",
          command: "open",
          label: "Öffnen",
          accelerator: "CmdOrCtrl+O",
          isEnabled: true,
          isOn: null,
        },
        { kind: "separator" },
        { kind: "role", role: "quit", label: "Beenden" },
      ],
    },
  ],
} as const;

test("the page's menu is shown, and what is chosen in it reaches the page", async () => {
  await start();
  expect(await invoke("setMenu", menu)).toMatchObject({ ok: true });
  expect(electron.menuTemplate[0]).toMatchObject({
    label: "Öffnen && mehr",
    submenu: [
      { label: "Öffnen", enabled: true, accelerator: "CmdOrCtrl+O", registerAccelerator: false },
      { type: "separator" },
      { role: "quit", label: "Beenden" },
    ],
  });
  for (const item of electron.menuTemplate.flatMap(({ submenu }) => submenu ?? [])) item.click?.();
  const commands = electron.window.webContents.sent.map(([, topic, payload]) => [topic, payload]);
  expect(commands).toEqual([["menu-command", { command: "open" }]]);
});

test.each([
  { menus: [] },
  { menus: [{ label: "", items: [] }] },
  { menus: [{ label: "x", items: [{ kind: "role", role: "toggleDevTools", label: "x" }] }] },
])("a menu that makes no sense is refused: %j", async (bad) => {
  await start();
  expect(await invoke("setMenu", bad)).toMatchObject({ error: { code: "REQUEST_INVALID" } });
});

test("a packaged app's menu has no developer tools", () => {
  const roles = (isPackaged: boolean) =>
    JSON.stringify([
      firstMenu({ platform: "darwin", isPackaged }),
      menuTemplate(menu, { platform: "darwin", isPackaged }, () => undefined),
    ]);
  expect(roles(false)).toContain("toggleDevTools");
  expect(roles(true)).not.toContain("toggleDevTools");
});

test.each([
  [["app"], true, null],
  [["app", "a.png"], true, "/home/a.png"],
  [["app", "--flag", "/b/a.png"], true, "/b/a.png"],
  [["electron", "."], false, null],
  [["electron", ".", "a.png", "b.png"], false, "/home/a.png"],
  [["electron", "--inspect", ".", "--x=1", "a.png"], false, "/home/a.png"],
])("of the command line %j (packaged: %s) the picture is %s", (argv, isPackaged, expected) => {
  expect(pictureArgument(argv, isPackaged, "/home")).toBe(expected);
});

/** An engine with one document, enough for dialogs. */
function engineWithDocument(calls: string[]): EngineApi {
  const info = { documentId: "doc-1", name: "a/../lake.jpeg", revision: 3 };
  const engine = {
    getDocument: async () => info,
    openDocument: async ({ name, bytes }: { name: string; bytes: Uint8Array }) => {
      calls.push(`open ${name} ${bytes.length}`);
      return info;
    },
    exportDocument: async () => ({ bytes: new Uint8Array([1, 2, 3]), revision: 3 }),
    markSaved: async ({ revision }: { revision: number }) => void calls.push(`saved ${revision}`),
  };
  // Proof of the cast: dialogs call only these.
  return engine as unknown as EngineApi;
}

const exportRequest = exportOptionsSchema.parse({
  documentId: "doc-1",
  format: "png",
  quality: 90,
  embedRecipe: true,
});

function dialogParts(calls: string[], window: FakeWindow | null = new FakeWindow({})) {
  return {
    dialog: electron.api.dialog,
    engine: engineWithDocument(calls),
    window: () => window && asWindow(window),
    recents: new Recents(null, () => undefined),
  };
}

test("the open dialog opens what was chosen, and nothing when the person changed their mind", async () => {
  const calls: string[] = [];
  const parts = dialogParts(calls);
  const others: string[] = [];
  const open = createOpenDialog(parts, async (path) => void others.push(path));
  expect(await open({})).toBeNull();
  writeFileSync(join(folder, "größe 1.png"), "12345");
  electron.answers.open = [join(folder, "größe 1.png")];
  expect(await open({})).toMatchObject({ documentId: "doc-1" });
  expect(calls).toEqual(["open größe 1.png 5"]);
  electron.answers.open = [join(folder, "none.png"), join(folder, "größe 1.png")];
  await expect(open({})).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  expect(others).toEqual([join(folder, "größe 1.png")]);
  expect((await parts.recents.list()).map(({ name }) => name)).toEqual(["größe 1.png"]);
});

test("the save dialog writes a whole file, adds a missing extension and marks the revision saved", async () => {
  const calls: string[] = [];
  const save = createSaveDialog(dialogParts(calls));
  expect(await save(exportRequest)).toEqual({ saved: false, name: null });
  electron.answers.save = join(folder, "out");
  expect(await save(exportRequest)).toEqual({ saved: true, name: "out.png" });
  expect(readFileSync(join(folder, "out.png"))).toEqual(Buffer.from([1, 2, 3]));
  expect(calls).toEqual(["saved 3"]);
  // Nobody was asked about replacing out.png.
  await expect(save(exportRequest)).rejects.toMatchObject({ code: "TARGET_UNWRITABLE" });
});

test("a save that fails leaves nothing behind and the document unsaved", async () => {
  const calls: string[] = [];
  const save = createSaveDialog(dialogParts(calls));
  electron.answers.save = join(folder, "none/out.png");
  await expect(save(exportRequest)).rejects.toMatchObject({ code: "TARGET_UNWRITABLE" });
  expect(calls).toEqual([]);
});

test("without a window a dialog says so", async () => {
  const open = createOpenDialog(dialogParts([], null), async () => undefined);
  await expect(open({})).rejects.toMatchObject({ code: "NOT_AVAILABLE" });
});

test("a page that crashes is loaded again, and after repeated crashes the person is asked", () => {
  const window = new FakeWindow({});
  watchWindow(asWindow(window), electron.api.dialog, () => undefined);
  const crash = () => window.webContents.emit("render-process-gone", {}, { reason: "crashed" });
  crash();
  crash();
  expect(window.webContents.reloads).toBe(2);
  electron.answers.message = 1;
  crash();
  expect(window.webContents.reloads).toBe(2);
  expect(window.isGone).toBe(true);
});

test("closing with unsaved changes goes on only if the person discards them", () => {
  const window = new FakeWindow({});
  watchWindow(asWindow(window), electron.api.dialog, () => undefined);
  for (const [answer, isClosing] of [
    [0, true],
    [1, false],
  ] as const) {
    electron.answers.message = answer;
    const preventDefault = vi.fn();
    window.webContents.emit("will-prevent-unload", { preventDefault });
    expect(preventDefault.mock.calls.length === 1).toBe(isClosing);
  }
});
