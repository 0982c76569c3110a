import { mount } from "svelte";
import type { Transport } from "../../shared/transport.js";
import { preloadDialogs } from "../dialogs/load-dialog.js";
import { speak } from "../text/speak.js";
import App from "./App.svelte";
import { createBrowserPlatform } from "./browser-platform.js";
import { Editor } from "./editor.svelte.js";

/**
 * Shows the editing screen in the page, over this transport. What the person chose is read first, so
 * that the screen never flashes in another theme or language.
 */
export async function mountEditor(transport: Transport): Promise<Editor> {
  const target = document.getElementById("app");
  if (target === null) throw new Error("Expected an element with the id app in the page.");
  const editor = new Editor(transport, createBrowserPlatform());
  await editor.preferences.load();
  await speak(editor.preferences.current.language, (error) => editor.notices.showError(error));
  mount(App, { target, props: { editor } });
  // The first picture of the screen comes first: the engine, which starts with the first question, and
  // the dialogs take time of the same processors.
  whenIdle(() => void editor.start().then(() => whenIdle(() => void preloadDialogs())));
  return editor;
}

/** Nothing waits longer than that, however busy the page is. */
const LONGEST_WAIT_MS = 300;

function whenIdle(act: () => void): void {
  requestIdleCallback(act, { timeout: LONGEST_WAIT_MS });
}
