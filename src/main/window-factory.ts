import type { BrowserWindow, WebPreferences } from "electron";
import { AppError } from "../core/errors.js";
import { APP_PAGE } from "./app-protocol.js";
import type { ElectronApi } from "./electron-api.js";

/** Preferences of every window: a page is as weak as in a browser, and its only door is the bridge. */
export function webPreferences(preloadPath: string, isPackaged: boolean): WebPreferences {
  return {
    preload: preloadPath,
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webviewTag: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    // Its dictionaries would be downloaded.
    spellcheck: false,
    devTools: !isPackaged,
  };
}

/** Makes the app's window; it appears once there is something to see. */
export function createWindow(electron: ElectronApi, preloadPath: string): BrowserWindow {
  const window = new electron.BrowserWindow({
    width: 1280,
    height: 800,
    minWidth: 900,
    minHeight: 600,
    show: false,
    title: "Spectral Studio",
    // Between the two themes, so that neither flashes before the page is drawn.
    backgroundColor: "#3a3a3e",
    webPreferences: webPreferences(preloadPath, electron.app.isPackaged),
  });
  window.once("ready-to-show", () => window.show());
  return window;
}

/**
 * Loads a page of the app.
 * @throws AppError REQUEST_INVALID for any address outside of `app://studio/`
 */
export async function loadPage(window: BrowserWindow, address = APP_PAGE): Promise<void> {
  if (!address.startsWith(APP_PAGE)) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected an address that starts with ${APP_PAGE} but got ${address}; windows show only the app itself.`,
    );
  }
  await window.loadURL(address);
}
