import { revisionKindSchema } from "../../shared/documents.js";
import { revisionSchema } from "../../shared/ids.js";
import { rectSchema } from "../../shared/pixels.js";
import { z } from "../../shared/zod.js";
import { forgottenFields, recipeStepSchema } from "../files/recipe.js";

/*
 * What only this app reads of a project file: the history, and what was begun. Its pixels are the
 * layers themselves, so nothing is in the file twice.
 */

export const PROJECT_PATH = "spectral/project.json";
export const DRAFT_PATH = "spectral/draft.bin";
export const ICC_PATH = "spectral/profile.icc";
export const EXIF_PATH = "spectral/exif.bin";
export const XMP_PATH = "spectral/metadata.xmp";
/** The PNG of a state of the history, by its place. */
export const statePath = (index: number): string => `data/state-${index}.png`;

const stateSchema = z
  .object({
    revision: revisionSchema,
    label: z.string().max(500),
    kind: revisionKindSchema,
    recipe: recipeStepSchema.nullable(),
    /** Where the state's PNG lies in the picture; null for a whole picture. */
    rect: rectSchema.nullable(),
  })
  .readonly();
export type ProjectState = z.infer<typeof stateSchema>;

export const projectSchema = z
  .object({
    format: z.literal("spectral-project"),
    version: z.literal(1),
    /** Oldest first, undone ones included; the first is a whole picture. */
    states: z.array(stateSchema).min(1).max(10_000).readonly(),
    /** Index of the state that is shown. */
    cursor: z.int().min(0),
    ...forgottenFields,
  })
  .refine(
    ({ states, cursor }) =>
      cursor < states.length &&
      states[0]?.rect === null &&
      states.every(({ revision }, at) => at === 0 || revision > (states[at - 1]?.revision ?? 0)),
    "expected states in their order, a whole picture first, and a shown one among them",
  )
  .readonly();
export type Project = z.infer<typeof projectSchema>;
