import { join } from "node:path";
import type { BrowserWindow, MenuItemConstructorOptions } from "electron";
import { toErrorData } from "../core/errors.js";
import { createCommonMethods } from "../host/common-methods.js";
import { Emitter } from "../host/emitter.js";
import { EngineProcess } from "../host/engine-process.js";
import {
  createRecentMethods,
  keepMemorySetting,
  openAndRemember,
} from "../host/document-methods.js";
import { ExportFolders } from "../host/export-folders.js";
import { createGetAppInfo, openStartupFile } from "../host/host-methods.js";
import { Log, LOG_FILE } from "../host/log.js";
import { OpenJobs } from "../host/open-jobs.js";
import { Recents } from "../host/recents.js";
import { createRouter } from "../host/router.js";
import { createSessionFolder } from "../host/session-folder.js";
import { SettingsStore } from "../host/settings-store.js";
import { userFolders } from "../host/user-folders.js";
import { createStaticFiles } from "../host/static-files.js";
import type { EngineApi, HostApi } from "../shared/api.js";
import { createEngineClient } from "../shared/client.js";
import { APP_SCHEME, createProtocolHandler, SCHEMES } from "./app-protocol.js";
import { createFolderDialog, createOpenDialog, createSaveDialog } from "./dialogs.js";
import type { ElectronApi } from "./electron-api.js";
import { FileOpener } from "./file-opener.js";
import { forwardEvents, registerCalls } from "./ipc.js";
import { firstMenu, menuTemplate } from "./menu.js";
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
  /** The text of all licences that the build made. */
  readonly licencesPath: string;
  /** Where settings and log lie. */
  readonly configDir: string;
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
  const session = createSessionFolder(environment.sessionsDir);
  const log = new Log({
    path: join(environment.configDir, LOG_FILE),
    now: () => new Date(),
    echo: environment.log,
  });
  const engine = new EngineProcess({
    launcher: createUtilityLauncher(electron.utilityProcess, {
      onOutput: log.add,
      childPath: environment.childPath,
      modelsDir: environment.modelsDir,
      sessionDir: session.path,
      ...userFolders(environment.configDir),
    }),
    log: log.add,
  });
  const api = createEngineClient(engine);
  const events = new Emitter((error) => log.add(toErrorData(error).message));
  const recents = new Recents(environment.configDir, log.add);
  const openNow = (path: string) => openLater(api, recents, events, path);
  const early = opener.takeOver((path) => void openNow(path));
  const startup = openStartupFile(api, recents, early);

  let window: BrowserWindow | null = null;
  const currentWindow = () => (window?.isDestroyed() === false ? window : null);
  const dialogs = { dialog: electron.dialog, engine: api, window: currentWindow, recents };
  const identity = { host: "electron", version: app.getVersion() } as const;
  const store = new SettingsStore(environment.configDir);
  const folders = new ExportFolders(api);
  keepMemorySetting({ engine: api, store, engineEvents: engine, events });
  const jobs = new OpenJobs(engine, events, () => performance.now());
  const host = {
    getAppInfo: createGetAppInfo(identity, api, startup, store),
    ...createCommonMethods({
      identity,
      engine: api,
      engineEvents: engine,
      events,
      store,
      log,
      jobs,
      licencesPath: environment.licencesPath,
    }),
    setMenu: createSetMenu(electron, environment, events),
    openDocumentDialog: createOpenDialog(dialogs, openNow),
    saveDocumentDialog: createSaveDialog(dialogs),
    chooseFolder: createFolderDialog(dialogs, folders),
    exportToFolder: folders.write,
    ...createRecentMethods(api, recents),
  };
  electron.protocol.handle(
    APP_SCHEME,
    createProtocolHandler(createStaticFiles(environment.rendererDir)),
  );
  registerCalls(electron.ipcMain, createRouter({ engine: jobs, host, log: log.add }));
  for (const source of [engine, events]) {
    forwardEvents(source, () => currentWindow()?.webContents ?? null);
  }
  showMenu(electron, firstMenu(menuSurroundings(electron, environment)));
  app.on("second-instance", () => focus(currentWindow()));
  app.on("will-quit", () => {
    engine.dispose();
    session.remove();
  });
  window = createWindow(electron, environment.preloadPath);
  watchWindow(window, electron.dialog, log.add);
  await loadPage(window);
}

function menuSurroundings({ app }: ElectronApi, { platform }: AppEnvironment) {
  return { platform, isPackaged: app.isPackaged };
}

function showMenu({ Menu }: ElectronApi, template: MenuItemConstructorOptions[]): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}

/** Shows the page's menu; what is chosen in it goes back to the page. */
function createSetMenu(
  electron: ElectronApi,
  environment: AppEnvironment,
  events: Emitter,
): HostApi["setMenu"] {
  return async (menu) => {
    const surroundings = menuSurroundings(electron, environment);
    const template = menuTemplate(menu, surroundings, (command) =>
      events.emit("menu-command", { command }),
    );
    showMenu(electron, template);
    return {};
  };
}

async function openLater(
  engine: EngineApi,
  recents: Recents,
  events: Emitter,
  path: string,
): Promise<void> {
  try {
    events.emit("document-opened", await openAndRemember(engine, recents, path));
  } catch (error) {
    events.emit("open-failed", toErrorData(error));
  }
}

function focus(window: BrowserWindow | null): void {
  if (window?.isMinimized() === true) window.restore();
  window?.focus();
}
