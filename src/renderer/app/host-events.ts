import { fromErrorData } from "../../core/errors.js";
import { subscribeTo } from "../../shared/client.js";
import type { Events, Topic } from "../../shared/events.js";
import type { Transport } from "../../shared/transport.js";
import { messages } from "../text/messages.js";
import { isCommandId } from "./commands/table.js";
import type { Editor } from "./editor.svelte.js";
import { runCommand } from "./keyboard.js";

/** Passes what engine and host report to the controllers. Returns how to stop. */
export function listenToHost(editor: Editor, transport: Transport): () => void {
  const stops: (() => void)[] = [];
  const report = (error: unknown) => editor.notices.showError(error);
  const on = <T extends Topic>(topic: T, listener: (payload: Events[T]) => void) =>
    stops.push(subscribeTo(transport, topic, listener, report));
  const { job, files, document, notices } = editor;

  on("job-progress", (payload) => job.handle({ topic: "job-progress", payload }));
  on("job-preview", (payload) => job.handle({ topic: "job-preview", payload }));
  on("job-finished", (payload) => job.handle({ topic: "job-finished", payload }));
  on("job-failed", (payload) => job.handle({ topic: "job-failed", payload }));
  on("job-cancelled", (payload) => job.handle({ topic: "job-cancelled", payload }));
  on("document-changed", (info) => document.refresh(info));
  on("document-opened", (info) => files.replaceDocument(() => files.adopt(info)));
  on("open-failed", (error) => notices.showError(fromErrorData(error)));
  on("menu-command", ({ command }) => {
    if (isCommandId(command)) runCommand(editor, command);
  });
  on("settings-changed", (settings) => editor.preferences.adopt(settings));
  on("engine-restarted", () => {
    editor.afterRestart();
    const { engineRestarted: title, engineRestartedBody: body } = messages.notices;
    notices.show({ tone: "error", title, body });
  });
  return () => stops.forEach((stop) => stop());
}
