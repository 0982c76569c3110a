import { toErrorData } from "../../core/errors.js";
import type { EditorApi, OpenJob } from "../../shared/api.js";
import type { Workspace } from "../document/workspace.svelte.js";
import type { Tabs } from "../tabs/tabs.svelte.js";
import type { JobEvent, JobPreview } from "./job-state.js";

type JobsApi = Pick<EditorApi, "listJobs" | "readJobPicture" | "readJobPreview">;

/** Takes over the jobs that were under way, or waited for a decision, when the page was loaded before. */
export async function resumeJobs(api: JobsApi, tabs: Tabs): Promise<void> {
  const { jobs } = await api.listJobs({});
  const running = jobs.filter(({ finished }) => finished === null);
  // At once, so that they hear what is told from now on.
  for (const job of running) workspaceOf(job, tabs)?.job.resume(job);
  // What was told before they were known here.
  const known = running.length > 0 ? (await api.listJobs({})).jobs : jobs;
  for (const job of known) {
    const workspace = workspaceOf(job, tabs);
    if (workspace === null) continue;
    const previews = await readPreviews(api, job);
    const missed = await readMissed(api, job);
    if (missed.length + previews.length > 0) workspace.job.resume(job, missed, previews);
  }
}

/**
 * What a page that was loaded in time has heard of a job; nothing if it was decided about meanwhile.
 * Pictures come one by one, because a host stands still while it sends one.
 */
async function readMissed(api: JobsApi, job: OpenJob): Promise<readonly JobEvent[]> {
  const { jobId, finished } = job;
  const missed: JobEvent[] = [];
  try {
    for (const variation of job.pictures) {
      const pixels = await api.readJobPicture({ jobId, variation });
      if (variation > 0) {
        missed.push({ topic: "job-variation", payload: { jobId, variation, ...pixels } });
      } else if (finished !== null) {
        missed.push({ topic: "job-finished", payload: { ...finished, ...pixels } });
      }
    }
  } catch (error) {
    if (toErrorData(error).code === "JOB_UNKNOWN") return [];
    throw error;
  }
  return missed;
}

/** The job's previews so far, except for those that gave way to others meanwhile. */
async function readPreviews(api: JobsApi, { jobId, previews }: OpenJob) {
  const read: JobPreview[] = [];
  for (const preview of previews) {
    try {
      read.push({ jobId, ...preview, ...(await api.readJobPreview({ jobId, preview })) });
    } catch (error) {
      if (toErrorData(error).code !== "JOB_UNKNOWN") throw error;
    }
  }
  return read;
}

/** The picture that a job works on; a new picture belongs to none, so the first tab shows it. */
function workspaceOf({ request }: OpenJob, tabs: Tabs): Workspace | null {
  if (request.kind !== "generate") return tabs.ofDocument(request.documentId);
  return tabs.list[0] ?? null;
}
