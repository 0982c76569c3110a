import { mkdirSync } from "node:fs";
import type { BrowserWindow } from "electron";
import { toErrorData } from "../core/errors.js";
import { Emitter } from "../host/emitter.js";
import { EngineProcess } from "../host/engine-process.js";
import { createGetAppInfo, openStartupFile, UPCOMING_METHODS } from "../host/host-methods.js";
import { openPath } from "../host/open-path.js";
import { createRouter } from "../host/router.js";
import { createSessionFolder, type SessionFolder } from "../host/session-folder.js";
import { createStaticFiles } from "../host/static-files.js";
import type { EngineApi } from "../shared/api.js";
import { createEngineClient } from "../shared/client.js";
import { APP_SCHEME, createProtocolHandler, SCHEMES } from "./app-protocol.js";
import { createOpenDialog, createSaveDialog } from "./dialogs.js";
import type { ElectronApi } from "./electron-api.js";
import { FileOpener } from "./file-opener.js";
import { forwardEvents, registerCalls } from "./ipc.js";
import { menuTemplate } from "./menu.js";
import { lockContents, lockSession } from "./page-lock.js";
import { pictureArgument } from "./picture-argument.js";
import { createUtilityLauncher } from "./utility-launcher.js";
import { createWindow, loadPage } from "./window-factory.js";
import { watchWindow } from "./window-care.js";

/** What the app needs to know of its surroundings; absolute paths. */
export interface AppEnvironment {
  readonly preloadPath: string;
  readonly rendererDir: string;
  readonly modelsDir: string;
  readonly childPath: string;
  /** Folder in which each run makes its session folder. */
  readonly sessionsDir: string;
  readonly argv: readonly string[];
  readonly folder: string;
  readonly platform: NodeJS.Platform;
  readonly log: (line: string) => void;
}

/**
 * Starts the app. Everything up to the first `await` happens before Electron is ready, which the
 * sandbox, the scheme and the single-instance lock need.
 */
export async function startApp(electron: ElectronApi, environment: AppEnvironment): Promise<void> {
  const { app } = electron;
  app.enableSandbox();
  electron.protocol.registerSchemesAsPrivileged(SCHEMES);
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  app.on("web-contents-created", (_event, contents) => lockContents(contents));
  app.on("session-created", lockSession);
  app.on("window-all-closed", () => app.quit());
  const opener = new FileOpener();
  listenForFiles(electron, environment, opener);
  await app.whenReady();
  lockSession(electron.session.defaultSession);
  await openApp(electron, environment, opener);
}

function listenForFiles(
  { app }: ElectronApi,
  environment: AppEnvironment,
  opener: FileOpener,
): void {
  app.on("open-file", (event, path) => {
    event.preventDefault();
    opener.open(path);
  });
  app.on("second-instance", (_event, argv, folder) => {
    const path = pictureArgument(argv, app.isPackaged, folder);
    if (path !== null) opener.open(path);
  });
  const path = pictureArgument(environment.argv, app.isPackaged, environment.folder);
  if (path !== null) opener.open(path);
}

async function openApp(
  electron: ElectronApi,
  environment: AppEnvironment,
  opener: FileOpener,
): Promise<void> {
  const { app } = electron;
  const session = makeSession(environment);
  const engine = new EngineProcess({
    launcher: createUtilityLauncher(electron.utilityProcess, {
      childPath: environment.childPath,
      modelsDir: environment.modelsDir,
      sessionDir: session.path,
    }),
    log: environment.log,
  });
  const api = createEngineClient(engine);
  const events = new Emitter((error) => environment.log(toErrorData(error).message));
  const early = opener.takeOver((path) => void openLater(api, events, path));
  const startup = openStartupFile(api, early);

  let window: BrowserWindow | null = null;
  const currentWindow = () => (window?.isDestroyed() === false ? window : null);
  const dialogs = { dialog: electron.dialog, engine: api, window: currentWindow };
  const host = {
    getAppInfo: createGetAppInfo({ host: "electron", version: app.getVersion() }, api, startup),
    openDocumentDialog: createOpenDialog(dialogs),
    saveDocumentDialog: createSaveDialog(dialogs),
    ...UPCOMING_METHODS,
  };
  electron.protocol.handle(
    APP_SCHEME,
    createProtocolHandler(createStaticFiles(environment.rendererDir)),
  );
  registerCalls(electron.ipcMain, createRouter({ engine, host }));
  for (const source of [engine, events]) {
    forwardEvents(source, () => currentWindow()?.webContents ?? null);
  }
  const template = menuTemplate(environment.platform, app.isPackaged, (command) =>
    events.emit("menu-command", { command }),
  );
  electron.Menu.setApplicationMenu(electron.Menu.buildFromTemplate(template));
  app.on("second-instance", () => focus(currentWindow()));
  app.on("will-quit", () => {
    engine.dispose();
    session.remove();
  });
  window = createWindow(electron, environment.preloadPath);
  watchWindow(window, electron.dialog, environment.log);
  await loadPage(window);
}

function makeSession({ sessionsDir }: AppEnvironment): SessionFolder {
  mkdirSync(sessionsDir, { recursive: true });
  return createSessionFolder(sessionsDir);
}

async function openLater(engine: EngineApi, events: Emitter, path: string): Promise<void> {
  try {
    events.emit("document-opened", await openPath(engine, path));
  } catch (error) {
    events.emit("open-failed", toErrorData(error));
  }
}

function focus(window: BrowserWindow | null): void {
  if (window?.isMinimized() === true) window.restore();
  window?.focus();
}
