import type { TokenLayout } from "../../core/layout.js";
import type { ScaleSampling } from "../../shared/models.js";
import type { EditRequest } from "./edit-request.js";

/** Finer scales that a removal draws; the coarser ones come from the surroundings. */
const DRAWN_SCALES = 3;
/** Above it, drawn texture tends to become a new object in the place of the old one. */
const HIGHEST_TEMPERATURE = 0.6;

/** What a removal asks of the model in place of the request's own words; null for other edits. */
export interface Removal {
  readonly prompt: "";
  readonly negativePrompt: "";
  readonly guidance: 1;
  readonly temperature: number;
  readonly scaleSampling: readonly (ScaleSampling | null)[];
}

/**
 * A removal takes no prompt: the masked part is filled smoothly from its surroundings, the coarse
 * scales keep that fill, and only texture is drawn, at a low temperature.
 */
export function removalOf({ mode, temperature, scaleSampling = [] }: EditRequest): Removal | null {
  if (mode !== "remove") return null;
  const limited = (value: number) => Math.min(value, HIGHEST_TEMPERATURE);
  return {
    prompt: "",
    negativePrompt: "",
    guidance: 1,
    temperature: limited(temperature),
    scaleSampling: scaleSampling.map((own) => ({
      ...own,
      guidance: 1,
      temperature: limited(own?.temperature ?? temperature),
    })),
  };
}

/** Scales whose coefficients are the region's own: the frozen ones, or the filled ones of a removal. */
export function exactScalesOf(
  { mode, frozenScales }: EditRequest,
  { scaleCount }: TokenLayout,
): number {
  if (mode !== "remove") return frozenScales;
  // A raster has no coarser scale that could keep the fill: it draws from the surroundings alone.
  return Math.min(scaleCount - 1, Math.max(frozenScales, scaleCount - DRAWN_SCALES, 1));
}
