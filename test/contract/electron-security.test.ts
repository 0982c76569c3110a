import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IpcMainInvokeEvent } from "electron";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createRouter } from "../../src/host/router";
import { createStaticFiles } from "../../src/host/static-files";
import { createProtocolHandler } from "../../src/main/app-protocol";
import { registerCalls } from "../../src/main/ipc";
import { lockContents, lockSession } from "../../src/main/page-lock";
import { createWindow, loadPage, webPreferences } from "../../src/main/window-factory";
import { editorMethods, type HostApi } from "../../src/shared/api";
import { INVOKE_CHANNEL } from "../../src/shared/bridge";
import {
  asSession,
  asWindow,
  FakeContents,
  FakeElectron,
  FakeSession,
} from "./fixtures/fake-electron";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "spectral-test-"));
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>A page</title>");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([true, false])(
  "a window's page is as weak as in a browser (packaged: %s)",
  (isPackaged) => {
    expect(webPreferences("/app/preload.cjs", isPackaged)).toEqual({
      preload: "/app/preload.cjs",
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      spellcheck: false,
      devTools: !isPackaged,
    });
  },
);

test("windows are made with these preferences and appear when there is something to see", () => {
  const electron = new FakeElectron();
  const window = createWindow(electron.api, "/app/preload.cjs");
  expect(electron.window.options).toMatchObject({
    show: false,
    webPreferences: webPreferences("/app/preload.cjs", false),
  });
  const shown = vi.fn();
  electron.window.on("show", shown);
  window.emit("ready-to-show");
  expect(shown).toHaveBeenCalledOnce();
});

test.each([
  "http://127.0.0.1/",
  "https://example.org/",
  "file:///etc/passwd",
  "app://other/",
  "app://studio.example/",
  "app://studio",
  "javascript:alert(1)",
])("a window refuses to load %s", async (address) => {
  const electron = new FakeElectron();
  const window = createWindow(electron.api, "/app/preload.cjs");
  await expect(loadPage(window, address)).rejects.toMatchObject({ code: "REQUEST_INVALID" });
  expect(electron.window.loaded).toEqual([]);
  await loadPage(asWindow(electron.window));
  expect(electron.window.loaded).toEqual(["app://studio/"]);
});

test("navigation, redirects, new windows and webviews are refused", () => {
  const contents = new FakeContents();
  // Proof of the cast: the fake has the events and the handler that the lock uses.
  lockContents(contents as unknown as Parameters<typeof lockContents>[0]);
  for (const name of [
    "will-navigate",
    "will-redirect",
    "will-frame-navigate",
    "will-attach-webview",
  ]) {
    const preventDefault = vi.fn();
    contents.emit(name, { preventDefault });
    expect(preventDefault, name).toHaveBeenCalledOnce();
  }
  expect(contents.openHandler?.()).toEqual({ action: "deny" });
});

test("every permission but writing clean text to the clipboard from our page is refused", () => {
  const session = new FakeSession();
  lockSession(asSession(session));
  const request = (permission: string, requestingUrl: string) => {
    let isGranted: boolean | null = null;
    session.request!(null, permission, (granted) => (isGranted = granted), { requestingUrl });
    return isGranted;
  };
  const permissions = [
    "clipboard-read",
    "geolocation",
    "media",
    "notifications",
    "openExternal",
    "hid",
  ];
  for (const permission of permissions) {
    expect(session.check!(null, permission, "app://studio")).toBe(false);
    expect(request(permission, "app://studio/")).toBe(false);
  }
  for (const origin of ["https://example.org", "app://studio.example", "app://other", ""]) {
    expect(session.check!(null, "clipboard-sanitized-write", origin)).toBe(false);
    expect(request("clipboard-sanitized-write", `${origin}/`)).toBe(false);
  }
  expect(session.check!(null, "clipboard-sanitized-write", "app://studio")).toBe(true);
  expect(request("clipboard-sanitized-write", "app://studio/index.html")).toBe(true);
  expect(session.device!()).toBe(false);
});

test("nothing reaches the network or files: such requests are cancelled", () => {
  const session = new FakeSession();
  lockSession(asSession(session));
  const isCancelled = (url: string) => {
    let isStopped: boolean | null = null;
    session.beforeRequest!({ url }, ({ cancel }) => (isStopped = cancel));
    return isStopped;
  };
  const outside = [
    "http://a.example/",
    "https://a.example/",
    "ws://a/",
    "wss://a/",
    "ftp://a/",
    "file:///a",
    "x",
  ];
  for (const url of outside) expect(isCancelled(url), url).toBe(true);
  for (const url of ["app://studio/", "blob:app://studio/1-2"])
    expect(isCancelled(url)).toBe(false);
});

test("the protocol serves the page with its policy, and nothing else", async () => {
  const handle = createProtocolHandler(createStaticFiles(folder));
  const page = await handle(new Request("app://studio/"));
  expect(page.status).toBe(200);
  expect(await page.text()).toContain("A page");
  const policy = page.headers.get("Content-Security-Policy");
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(page.headers.get("X-Content-Type-Options")).toBe("nosniff");
  expect(page.headers.get("Cross-Origin-Opener-Policy")).toBe("same-origin");
  expect((await handle(new Request("app://studio/?a=1#b"))).status).toBe(200);
  expect((await handle(new Request("app://studio/", { method: "POST" }))).status).toBe(405);
  const addresses = [
    "app://other/",
    "app://studio.example/index.html",
    "app://studio/%2e%2e/secret",
    "app://studio/..%2fsecret",
    "app://studio/..%5csecret",
    "app://studio/%00",
    "app://studio/nothing",
  ];
  for (const address of addresses) {
    expect((await handle(new Request(address))).status, address).toBe(404);
  }
});

let reached: string[];
let invoke: (event: unknown, ...args: unknown[]) => Promise<unknown>;

beforeEach(() => {
  reached = [];
  const note = (name: string) => async () => {
    reached.push(name);
    return {};
  };
  const host = {
    getAppInfo: note("getAppInfo"),
    openDocumentDialog: note("openDocumentDialog"),
    saveDocumentDialog: note("saveDocumentDialog"),
    // Proof of the cast: replies are not looked at by the router.
  } as unknown as HostApi;
  const electron = new FakeElectron();
  const router = createRouter({ engine: { invoke: (method) => note(method)() }, host });
  registerCalls(electron.api.ipcMain, router);
  const handler = electron.handlers.get(INVOKE_CHANNEL)!;
  // Proof of the cast: wrong senders are the point of these tests.
  invoke = (event, ...args) => handler(event as IpcMainInvokeEvent, ...args);
});

const mainFrame = { parent: null, origin: "app://studio" };
const ourPage = { sender: { mainFrame }, senderFrame: mainFrame };

test("a call from our page reaches its handler", async () => {
  expect(await invoke(ourPage, "getAppInfo", {})).toMatchObject({ ok: true });
  expect(await invoke(ourPage, "undo", { documentId: "doc-1" })).toMatchObject({ ok: true });
  expect(reached).toEqual(["getAppInfo", "undo"]);
});

test.each([
  ["a frame that is gone", { sender: { mainFrame }, senderFrame: null }],
  [
    "an embedded frame",
    { sender: { mainFrame }, senderFrame: { ...mainFrame, parent: mainFrame } },
  ],
  ["a frame that is not the top one", { sender: { mainFrame }, senderFrame: { ...mainFrame } }],
  ...["https://example.org", "null", "", "app://other", "app://studio.example", "file://"].map(
    (origin): [string, unknown] => {
      const frame = { parent: null, origin };
      return [`the origin "${origin}"`, { sender: { mainFrame: frame }, senderFrame: frame }];
    },
  ),
])("a call from %s is refused", async (_what, event) => {
  for (const method of Object.keys(editorMethods)) {
    expect(await invoke(event, method, {})).toMatchObject({
      ok: false,
      error: { code: "REQUEST_UNAUTHORISED" },
    });
  }
  expect(reached).toEqual([]);
});

test("100,000 random messages reach no handler", async () => {
  const shallow = fc.anything({ maxDepth: 1, maxKeys: 3 });
  const names = fc.oneof(
    fc.string(),
    // Names of methods whose empty request is valid would rightly reach their handler.
    fc.constantFrom("startJob", "readTile", "openDocument", "exportDocument", "__proto__", "ping"),
    shallow,
  );
  await fc.assert(
    fc.asyncProperty(names, shallow, async (method, request) => {
      expect(await invoke(ourPage, method, request)).toMatchObject({
        ok: false,
        error: { code: "REQUEST_INVALID" },
      });
    }),
    { numRuns: 100_000 },
  );
  expect(reached).toEqual([]);
});

test("the page gets one frozen object of two functions, and nothing of Electron", async () => {
  const exposed: [string, unknown][] = [];
  const on = vi.fn();
  const send = vi.fn(async () => "reply");
  vi.doMock("electron", () => ({
    contextBridge: {
      exposeInMainWorld: (name: string, value: unknown) => exposed.push([name, value]),
    },
    ipcRenderer: { on, invoke: send, send: vi.fn(), sendSync: vi.fn() },
  }));
  await import("../../src/preload/index");
  expect(exposed.map(([name]) => name)).toEqual(["studio"]);
  const studio = exposed[0]![1] as Record<string, (...args: unknown[]) => unknown>;
  expect(Object.isFrozen(studio)).toBe(true);
  expect(Object.getPrototypeOf(studio)).toBe(Object.prototype);
  expect(Reflect.ownKeys(studio)).toEqual(["invoke", "subscribe"]);

  await studio["invoke"]!("undo", { documentId: "a" }, "surplus");
  expect(send).toHaveBeenCalledExactlyOnceWith("studio:invoke", "undo", { documentId: "a" });

  const heard: unknown[][] = [];
  const stop = studio["subscribe"]!("job-progress", (...args: unknown[]) => heard.push(args));
  const [channel, listener] = on.mock.calls[0] as [string, (...args: unknown[]) => void];
  expect(channel).toBe("studio:event");
  listener({ sender: "Electron's own event" }, "job-progress", { done: 1 });
  listener({}, "constructor", {});
  (stop as () => void)();
  listener({}, "job-progress", { done: 2 });
  expect(heard).toEqual([[{ done: 1 }]]);
});
