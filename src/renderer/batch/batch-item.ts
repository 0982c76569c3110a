import type { AppErrorData } from "../../core/errors.js";
import type { PickedFile } from "../app/platform.js";

/** What is done with a picture at the moment. */
export type BatchStep = "reading" | "upscaling" | "writing";
/** Why a picture is left out; trying it again includes it all the same, where that is possible. */
export type SkipReason = "duplicate" | "largeEnough" | "tooLarge";

export type BatchState =
  | { readonly kind: "waiting" }
  | {
      readonly kind: "running";
      readonly step: BatchStep;
      /** 0..1 of the step. */
      readonly share: number;
      readonly secondsLeft: number | null;
    }
  | {
      readonly kind: "done";
      readonly name: string;
      readonly width: number;
      readonly height: number;
    }
  | { readonly kind: "failed"; readonly error: AppErrorData }
  | { readonly kind: "skipped"; readonly reason: SkipReason }
  /** Taken back before or while it was worked on. */
  | { readonly kind: "stopped" };

/** One picture of a batch. */
export interface BatchItem {
  readonly id: number;
  readonly file: PickedFile;
  readonly state: BatchState;
}

/** True once nothing more happens to a picture by itself. */
export function isSettled({ state }: BatchItem): boolean {
  return state.kind !== "waiting" && state.kind !== "running";
}
