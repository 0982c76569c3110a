import { rectOfSize, type Rect } from "../../core/rect.js";
import type { RevisionView } from "../document/document-controller.svelte.js";
import type { JobController } from "../job/job-controller.svelte.js";
import type { JobState } from "../job/job-state.js";
import type { Size } from "./geometry.js";

/** Pixels that lie over (a part of) the picture. */
export interface PatchImage {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

/** One thing to draw; later ones cover earlier ones. */
export type Layer =
  | { readonly kind: "tiles"; readonly view: RevisionView }
  | { readonly kind: "patch"; readonly rect: Rect; readonly image: PatchImage };

/** What the canvas shows. */
export interface Scene {
  /** Changes when another picture is shown, which then is fitted into the window. */
  readonly id: string;
  readonly size: Size;
  readonly after: readonly Layer[];
  /** What to compare with, or null if there is nothing to compare. */
  readonly before: readonly Layer[] | null;
}

/** Puts the document and what a job shows of it on top of each other. */
export function sceneOf(
  document: RevisionView | null,
  original: RevisionView | null,
  state: JobState,
  shown: JobController["shown"],
): Scene | null {
  const request = state.kind === "idle" ? null : state.request;
  if (request?.kind === "generate" && shown !== null) {
    const size = { width: shown.width, height: shown.height };
    const patch: Layer = { kind: "patch", rect: rectOfSize(size.width, size.height), image: shown };
    return { id: `job/${shown.jobId}`, size, after: [patch], before: null };
  }
  if (document === null) return null;
  const base: Layer = { kind: "tiles", view: document };
  const id = `document/${document.documentId}`;
  if (shown === null || request === null) {
    const before: Layer[] | null = original === null ? null : [{ kind: "tiles", view: original }];
    return { id, size: document.size, after: [base], before };
  }
  // An upscale's result covers the picture, in whatever pixels its own rectangle counts.
  const isWhole = request.kind === "upscale" && "changedPixels" in shown;
  const rect = isWhole ? rectOfSize(document.size.width, document.size.height) : shown.rect;
  const patch: Layer = { kind: "patch", rect, image: shown };
  return { id, size: document.size, after: [base, patch], before: [base] };
}
