import { draws, type InstalledModel, type ModelSummary } from "../shared/models.js";

/** Classes that a line names at most. */
const SHOWN_CLASSES = 8;

/** What a model is and can do, in a few words; what most models can is not said. */
export function describeAbilities(model: InstalledModel): string {
  if (draws(model)) return describeDrawing(model);
  return `enlarges only (${model.factors.map((factor) => `${factor}x`).join(", ")})`;
}

function describeDrawing({ layout, classes, canEnlarge }: ModelSummary): string {
  const { imageSize, scales } = layout;
  const isRaster = scales === 1;
  const parts = [
    `${imageSize} px`,
    isRaster ? "1 scale (nothing can be frozen)" : `${scales} scales`,
  ];
  if (canEnlarge === false) parts.push(isRaster ? "does not enlarge" : "enlarges creatively only");
  if (classes !== undefined) {
    const rest = classes.length - SHOWN_CLASSES;
    const shown = classes.slice(0, SHOWN_CLASSES).join(", ");
    parts.push(`prompts are classes: ${shown}${rest > 0 ? ` and ${rest} more` : ""}`);
  }
  return parts.join(", ");
}

/** What a model was trained on, each with its terms; empty if nothing is told. */
export function describeData({ data = [] }: InstalledModel): string {
  const sets = data.map(({ name, licence, photos }) => `${name} (${photos} photos, ${licence})`);
  return sets.length === 0 ? "" : `trained on ${sets.join("; ")}`;
}
