import type { PngText } from "./png-chunks.js";

/** What made a picture, one entry a generated step, oldest first; written into exported files. */
export interface Recipe {
  readonly software: string;
  readonly steps: readonly RecipeStep[];
}

/** One edit, upscale or generation: plain values of its request, without masks and pixels. */
export interface RecipeStep {
  readonly kind: "edit" | "upscale" | "generate" | "extend";
  readonly model: string;
  readonly seed: number;
  readonly prompt: string;
  readonly settings: Readonly<Record<string, number | string>>;
}

const NAMESPACE = "https://spectral-studio.invalid/ns/recipe/1.0/";

/** PNG texts: our own JSON, and the free text that other galleries show as the prompt. */
export function recipeTexts(recipe: Recipe): PngText[] {
  return [
    { keyword: "spectral-recipe", text: JSON.stringify(recipe) },
    { keyword: "parameters", text: recipe.steps.map(describeStep).join("\n") },
    { keyword: "Software", text: recipe.software },
  ];
}

/** An XMP packet with the recipe: the picture's own packet extended, or a new one. */
export function recipeXmp(recipe: Recipe, existing: string | null): string {
  const description =
    `<rdf:Description rdf:about="" xmlns:spectral="${NAMESPACE}">` +
    `<spectral:recipe>${escapeXml(JSON.stringify(recipe))}</spectral:recipe></rdf:Description>`;
  if (existing?.includes("</rdf:RDF>")) {
    const own = new RegExp(
      `<rdf:Description[^>]*xmlns:spectral="${NAMESPACE}">.*?</rdf:Description>`,
      "gs",
    );
    // A function, because `$` in a prompt would otherwise be read as a replacement pattern.
    return existing.replace(own, "").replace("</rdf:RDF>", () => `${description}</rdf:RDF>`);
  }
  return (
    `<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>` +
    `<x:xmpmeta xmlns:x="adobe:ns:meta/">` +
    `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">${description}</rdf:RDF>` +
    `</x:xmpmeta><?xpacket end="w"?>`
  );
}

function describeStep({ kind, model, seed, prompt, settings }: RecipeStep): string {
  const values = Object.entries(settings).map(([name, value]) => `${name}: ${value}`);
  return `${prompt}\n${[`${kind}`, `Seed: ${seed}`, `Model: ${model}`, ...values].join(", ")}`;
}

function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
