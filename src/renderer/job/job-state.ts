import type { AppErrorData } from "../../core/errors.js";
import type { Events } from "../../shared/events.js";
import type { JobId } from "../../shared/ids.js";
import type { JobRequest } from "../../shared/jobs.js";
import { keepPreview } from "../../shared/kept-previews.js";

export type JobProgress = Events["job-progress"];
export type JobPreview = Events["job-preview"];
export type JobVariation = Events["job-variation"];
export type JobResult = Events["job-finished"];

/** One job, from its place in the queue to the decision about its result. */
export type JobState =
  /** No job is looked at. */
  | { readonly kind: "idle" }
  /** In the queue of this screen: the engine does not know of it yet. */
  | { readonly kind: "waiting"; readonly request: JobRequest }
  /** The engine was told of it, and has not named it yet. */
  | { readonly kind: "starting"; readonly request: JobRequest; readonly isCancelling: boolean }
  | {
      readonly kind: "running";
      readonly jobId: JobId;
      readonly request: JobRequest;
      readonly progress: JobProgress | null;
      readonly previews: readonly JobPreview[];
      /** Final pictures that have come already: those of all variations but the first, just before the end. */
      readonly pictures: readonly JobVariation[];
      readonly isCancelling: boolean;
    }
  | {
      readonly kind: "candidate";
      readonly jobId: JobId;
      readonly request: JobRequest;
      readonly result: JobResult;
      /**
       * One a variation, each with its own pixels; the first is `result` itself. It also stands for
       * those whose pictures a page that was loaded again has not read yet.
       */
      readonly results: readonly JobResult[];
      readonly previews: readonly JobPreview[];
      readonly elapsedMs: number;
      /** True while the engine takes the result in or throws it away. */
      readonly isSettling: boolean;
    }
  | {
      readonly kind: "failed";
      readonly request: JobRequest;
      readonly error: AppErrorData;
      readonly previews: readonly JobPreview[];
    };

/** An event of a job, with its topic. */
export type JobEvent =
  | { readonly topic: "job-progress"; readonly payload: Events["job-progress"] }
  | { readonly topic: "job-preview"; readonly payload: Events["job-preview"] }
  | { readonly topic: "job-variation"; readonly payload: Events["job-variation"] }
  | { readonly topic: "job-finished"; readonly payload: Events["job-finished"] }
  | { readonly topic: "job-failed"; readonly payload: Events["job-failed"] }
  | { readonly topic: "job-cancelled"; readonly payload: Events["job-cancelled"] };

/**
 * The state after an event of the running job. Events of other jobs change nothing, nor do late ones,
 * except for a picture that a page which was loaded again has read after the end.
 */
export function nextJobState(state: JobState, event: JobEvent, elapsedMs: number): JobState {
  if (!("jobId" in state) || event.payload.jobId !== state.jobId) return state;
  if (state.kind === "candidate") {
    if (event.topic !== "job-variation") return state;
    return { ...state, results: withPicture(state.results, event.payload) };
  }
  const { jobId, request, previews } = state;
  switch (event.topic) {
    case "job-progress":
      return { ...state, progress: event.payload };
    case "job-preview":
      return { ...state, previews: keepPreview(previews, event.payload) };
    case "job-variation":
      return { ...state, pictures: [...state.pictures, event.payload] };
    case "job-finished":
      return {
        kind: "candidate",
        jobId,
        request,
        result: event.payload,
        results: resultsOf(event.payload, state.pictures, variationCount(request)),
        previews,
        elapsedMs,
        isSettling: false,
      };
    case "job-failed":
      return { kind: "failed", request, error: event.payload.error, previews };
    case "job-cancelled":
      return { kind: "idle" };
  }
}

/**
 * What a page that was loaded again has read of previews that it did not hear: they are older than
 * those that it did.
 */
export function withOlderPreviews(state: JobState, older: readonly JobPreview[]): JobState {
  if (state.kind !== "running" && state.kind !== "candidate") return state;
  return { ...state, previews: state.previews.reduce(keepPreview, older) };
}

/** The results of all variations as if each were the only one. */
function resultsOf(
  result: JobResult,
  pictures: readonly JobVariation[],
  count: number,
): readonly JobResult[] {
  return pictures.reduce(withPicture, new Array<JobResult>(count).fill(result));
}

function withPicture(
  results: readonly JobResult[],
  { variation, width, height, rgba }: JobVariation,
): readonly JobResult[] {
  return results.map((result, index) =>
    index === variation ? { ...result, width, height, rgba } : result,
  );
}

/** The previews that there are, of every variation. */
export function previewsOf(state: JobState): readonly JobPreview[] {
  return "previews" in state ? state.previews : [];
}

/** How many variations a request asks for; an upscale has one result. */
export function variationCount(request: JobRequest): number {
  return request.kind === "upscale" ? 1 : (request.variations ?? 1);
}
