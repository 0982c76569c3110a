import type { DocumentId } from "../shared/ids.js";
import type { DrawnCodes } from "./jobs/drawn-codes.js";
import type { NewDocument, NewRevision } from "./store/document-store.js";

/** What accepting a variation of a job's result does. */
export type VariationResult =
  | { readonly type: "document"; readonly document: NewDocument }
  | {
      readonly type: "revision";
      readonly documentId: DocumentId;
      /** The state that the job worked on; the result fits no other. */
      readonly baseRevision: number;
      readonly revision: NewRevision;
    };

/** What a job made. */
export interface JobResult {
  /** At least one. */
  readonly variations: readonly VariationResult[];
  /** Tokens that another job may start from; null for an upscale. */
  readonly drawn: DrawnCodes | null;
}
