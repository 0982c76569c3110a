import { mount } from "svelte";
import type { Transport } from "../../shared/transport.js";
import App from "./App.svelte";
import { createBrowserPlatform } from "./browser-platform.js";
import { Editor } from "./editor.svelte.js";

/** Shows the editing screen in the page, over this transport. */
export function mountEditor(transport: Transport): Editor {
  const target = document.getElementById("app");
  if (target === null) throw new Error("Expected an element with the id app in the page.");
  const editor = new Editor(transport, createBrowserPlatform());
  mount(App, { target, props: { editor } });
  void editor.start();
  return editor;
}
