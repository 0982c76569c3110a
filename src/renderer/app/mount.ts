import { mount } from "svelte";
import type { Transport } from "../../shared/transport.js";
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
  void editor.start();
  return editor;
}
