import type { BrowserWindow } from "electron";
import type { ElectronApi } from "./electron-api.js";

/** A page that dies more often than that within the time is not simply loaded again. */
const MAX_RELOADS = 2;
const RELOAD_WINDOW_MS = 60_000;

/**
 * Looks after a window: a page that crashed is loaded again (its documents lie with the engine), and
 * closing with something to lose asks first.
 */
export function watchWindow(
  window: BrowserWindow,
  dialog: ElectronApi["dialog"],
  log: (line: string) => void,
): void {
  let diedAtMs: number[] = [];
  window.webContents.on("render-process-gone", (_event, { reason }) => {
    if (reason === "clean-exit") return;
    log(`the page's process ended: ${reason}`);
    const nowMs = performance.now();
    diedAtMs = [...diedAtMs.filter((atMs) => nowMs - atMs < RELOAD_WINDOW_MS), nowMs];
    if (diedAtMs.length <= MAX_RELOADS || wantsReload(window, dialog)) window.webContents.reload();
    else window.destroy();
  });
  window.webContents.on("will-prevent-unload", (event) => {
    // The page says that there is something to lose; preventing its objection lets it close.
    if (wantsToDiscard(window, dialog)) event.preventDefault();
  });
}

function wantsReload(window: BrowserWindow, dialog: ElectronApi["dialog"]): boolean {
  const answer = dialog.showMessageBoxSync(window, {
    type: "error",
    message: "The window has stopped working several times.",
    detail: "Your documents are still there. Load the window again, or close the app.",
    buttons: ["Load again", "Close"],
    defaultId: 0,
    cancelId: 1,
  });
  return answer === 0;
}

function wantsToDiscard(window: BrowserWindow, dialog: ElectronApi["dialog"]): boolean {
  const answer = dialog.showMessageBoxSync(window, {
    type: "question",
    message: "Close all the same?",
    detail:
      "Changes that are not saved to a file, jobs under way, and results that you have not kept will be lost.",
    buttons: ["Close and discard", "Cancel"],
    defaultId: 1,
    cancelId: 1,
  });
  return answer === 0;
}
