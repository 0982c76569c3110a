import type { EditorApi, OpenJob } from "../../shared/api.js";
import type { Workspace } from "../document/workspace.svelte.js";
import type { Tabs } from "../tabs/tabs.svelte.js";

/** Takes over the jobs that were under way, or waited for a decision, when the page was loaded before. */
export async function resumeJobs(api: Pick<EditorApi, "listJobs">, tabs: Tabs): Promise<void> {
  const { jobs } = await api.listJobs({});
  take(jobs, tabs);
  // The end of one may have been told before it was known here.
  if (jobs.some(({ finished }) => finished === null)) take((await api.listJobs({})).jobs, tabs);
}

function take(jobs: readonly OpenJob[], tabs: Tabs): void {
  for (const job of jobs) workspaceOf(job, tabs)?.job.resume(job);
}

/** The picture that a job works on; a new picture belongs to none, so the first tab shows it. */
function workspaceOf({ request }: OpenJob, tabs: Tabs): Workspace | null {
  if (request.kind !== "generate") return tabs.ofDocument(request.documentId);
  return tabs.list[0] ?? null;
}
