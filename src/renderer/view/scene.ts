import { rectOfSize, type Rect } from "../../core/rect.js";
import type { RevisionView } from "../document/document-controller.svelte.js";
import type { JobController } from "../job/job-controller.svelte.js";
import { messages } from "../text/messages.js";
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
  | {
      readonly kind: "patch";
      readonly rect: Rect;
      readonly image: PatchImage;
      /** True if what hangs over the picture's border belongs to it; otherwise that is not shown. */
      readonly isLarger?: boolean;
    };

/** What the canvas shows. */
export interface Scene {
  /** Changes when another picture is shown, which then is fitted into the window. */
  readonly id: string;
  readonly size: Size;
  readonly after: readonly Layer[];
  /** What to compare with, or null if there is nothing to compare. */
  readonly before: readonly Layer[] | null;
  /** What the two sides are called, where "before" and "after" would be wrong. */
  readonly names?: Readonly<Record<"before" | "after", string>>;
}

/** What is looked at besides the document. */
export interface SceneParts {
  readonly job: Pick<
    JobController,
    "state" | "shown" | "patches" | "shownRival" | "selected" | "variation"
  >;
  /** One scale of the picture, which the person points at. */
  readonly peek: { readonly rect: Rect; readonly image: PatchImage } | null;
}

/** Puts the document and what a job shows of it on top of each other. */
export function sceneOf(
  document: RevisionView | null,
  original: RevisionView | null,
  { job, peek }: SceneParts,
): Scene | null {
  const { state, shown, shownRival } = job;
  const request = state.kind === "idle" ? null : state.request;
  if (request?.kind === "generate" && shown !== null) {
    const size = { width: shown.width, height: shown.height };
    const whole = rectOfSize(size.width, size.height);
    const patch = (image: PatchImage): Layer => ({ kind: "patch", rect: whole, image });
    const before = shownRival === null ? null : [patch(shownRival)];
    const names = shownRival === null ? {} : namesOf(job);
    return { id: `job/${shown.jobId}`, size, after: [patch(shown)], before, ...names };
  }
  if (document === null) return null;
  const base: Layer = { kind: "tiles", view: document };
  const id = `document/${document.documentId}`;
  const { size } = document;
  const peeked: Layer[] = peek === null ? [] : [{ kind: "patch", ...peek }];
  if (shown === null || request === null) {
    const before: Layer[] | null = original === null ? null : [{ kind: "tiles", view: original }];
    return { id, size, after: [base, ...peeked], before };
  }
  if (peek !== null) return { id, size, after: [base, ...peeked], before: [base] };
  // An upscale's result covers the picture, in whatever pixels its own rectangle counts.
  const isWhole = request.kind === "upscale" && "changedPixels" in shown;
  const isLarger = request.kind === "extend";
  const patch = (image: NonNullable<typeof shown>): Layer => ({
    kind: "patch",
    rect: isWhole ? rectOfSize(size.width, size.height) : image.rect,
    image,
    ...(isLarger ? { isLarger } : {}),
  });
  const after = [base, ...job.patches.map(patch)];
  if (shownRival === null) return { id, size, after, before: [base] };
  return { id, size, after, before: [base, patch(shownRival)], ...namesOf(job) };
}

/** The two variations that are compared, as people count. */
function namesOf({ selected, variation }: SceneParts["job"]): Pick<Scene, "names"> {
  const { name } = messages.variations;
  return { names: { before: name((selected?.rival ?? 0) + 1), after: name(variation + 1) } };
}
