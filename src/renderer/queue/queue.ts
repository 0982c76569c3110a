import type { JobEntry } from "../job/job-controller.svelte.js";
import type { Workspace } from "../document/workspace.svelte.js";
import { messages } from "../text/messages.js";

/** A job of any open picture, with the tab that it belongs to. */
export interface QueuedJob<Picture = Workspace> {
  readonly workspace: Picture;
  readonly entry: JobEntry;
}

/** Every job of every open picture: what runs first, then what waits, then what has ended. */
export function allJobs<Picture extends Pick<Workspace, "job">>(
  workspaces: readonly Picture[],
): readonly QueuedJob<Picture>[] {
  const jobs = workspaces.flatMap((workspace) =>
    workspace.job.entries.map((entry) => ({ workspace, entry })),
  );
  return jobs.toSorted((a, b) => placeOf(a.entry) - placeOf(b.entry));
}

function placeOf({ state }: JobEntry): number {
  switch (state.kind) {
    case "starting":
    case "running":
      return 0;
    case "waiting":
      return 1;
    case "candidate":
    case "failed":
    case "idle":
      return 2;
  }
}

/** What a job does, in a word. */
export function jobName({ request }: JobEntry): string {
  const { names } = messages.queue;
  return request.kind === "edit" && request.mode === "remove" ? names.remove : names[request.kind];
}

/** How a job stands. */
export function jobStateText({ state }: JobEntry): string {
  const text = messages.queue;
  switch (state.kind) {
    case "starting":
    case "running":
      return text.running;
    case "waiting":
    case "idle":
      return text.waiting;
    case "candidate":
      return text.ready;
    case "failed":
      return text.failed;
  }
}
