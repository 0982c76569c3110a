import { fromErrorData } from "../../core/errors.js";
import { subscribeTo } from "../../shared/client.js";
import type { Events, Topic } from "../../shared/events.js";
import type { Transport } from "../../shared/transport.js";
import type { JobEvent } from "../job/job-state.js";
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
  const { files, notices, tabs } = editor;
  // Each job controller knows its own job and ignores what it hears of others.
  const tellJobs = (event: JobEvent) => {
    tabs.list.forEach(({ job }) => job.handle(event));
    editor.batch.handle(event);
  };

  on("job-progress", (payload) => tellJobs({ topic: "job-progress", payload }));
  on("job-preview", (payload) => tellJobs({ topic: "job-preview", payload }));
  on("job-variation", (payload) => tellJobs({ topic: "job-variation", payload }));
  on("job-finished", (payload) => tellJobs({ topic: "job-finished", payload }));
  on("job-failed", (payload) => tellJobs({ topic: "job-failed", payload }));
  on("job-cancelled", (payload) => tellJobs({ topic: "job-cancelled", payload }));
  on("document-changed", (info) => files.refresh(info));
  on("document-closed", ({ documentId }) => files.afterClose(documentId));
  on("job-settled", ({ jobId }) => tabs.list.forEach(({ job }) => job.afterSettling(jobId)));
  on("document-opened", (info) => files.adopt(info));
  on("open-failed", (error) => notices.showError(fromErrorData(error)));
  on("menu-command", ({ command }) => {
    if (isCommandId(command)) runCommand(editor, command);
  });
  on("device-changed", (device) => editor.refreshApp({ device }));
  on("models-changed", (news) => editor.refreshApp(news));
  on("settings-changed", (settings) => editor.preferences.adopt(settings));
  on("engine-restarted", ({ isDeliberate }) => {
    editor.afterRestart();
    // What a person's own cancel took is no news.
    if (isDeliberate === true) return;
    const { engineRestarted: title, engineRestartedBody: body } = messages.notices;
    notices.show({ tone: "error", title, body });
  });
  return () => stops.forEach((stop) => stop());
}
