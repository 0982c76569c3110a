import { z } from "../../shared/zod.js";
import { fingerprintSchema } from "./fingerprint.js";
import type { PngText } from "./png-chunks.js";
import { holdsBytes, recordedRequestSchema, withoutBytes } from "./recorded-request.js";

/** One edit, upscale or generation: its whole request, and what it was computed by. */
export const recipeStepSchema = z
  .object({
    request: recordedRequestSchema,
    madeBy: z
      .object({
        /** Hash of the model's manifest. */
        modelSha256: z.string().max(64),
        provider: z.string().max(64),
        device: z.string().max(200),
      })
      .readonly()
      .nullable(),
  })
  .readonly();
export type RecipeStep = z.infer<typeof recipeStepSchema>;

/** States that a history dropped, and what they were made by, so that an export still tells all of it. */
export const forgottenFields = {
  forgottenStates: z.int().min(0).optional(),
  forgotten: z
    .object({
      source: fingerprintSchema.nullable(),
      steps: z.array(recipeStepSchema).readonly(),
    })
    .readonly()
    .optional(),
};

/** What made a picture; written into exported files. The picture that it began with is not in it. */
export const recipeSchema = z
  .object({
    format: z.literal("spectral-recipe"),
    version: z.literal(1),
    software: z.string().max(200),
    /** The picture that the first step worked on; null if it made a new one. */
    source: fingerprintSchema.nullable(),
    /** The pixels that the last step left. */
    result: fingerprintSchema,
    /** Oldest first. */
    steps: z.array(recipeStepSchema).min(1).max(10_000).readonly(),
  })
  .readonly();
export type Recipe = z.infer<typeof recipeSchema>;

const NAMESPACE = "https://spectral-studio.invalid/ns/recipe/1.0/";
/** The PNG text that holds the whole recipe. */
export const RECIPE_KEYWORD = "spectral-recipe";

/** PNG texts: our own JSON, and the free text that other galleries show as the prompt. */
export function recipeTexts(recipe: Recipe): PngText[] {
  return [
    { keyword: RECIPE_KEYWORD, text: JSON.stringify(recipe) },
    { keyword: "parameters", text: recipe.steps.map(describeStep).join("\n") },
    { keyword: "Software", text: recipe.software },
  ];
}

/**
 * An XMP packet with the recipe: the picture's own packet extended, or a new one.
 * @param maxBytes of the packet; a longer one is written without masks, and cannot be replayed
 */
export function recipeXmp(recipe: Recipe, existing: string | null, maxBytes = Infinity): string {
  const packet = packetOf(recipe, existing);
  if (Buffer.byteLength(packet, "utf8") <= maxBytes) return packet;
  return packetOf(withoutMasks(recipe), existing);
}

/** The recipe's JSON in an XMP packet, or null if it has none. */
export function recipeInXmp(xmp: string): string | null {
  const text = /<spectral:recipe>([^<]*)<\/spectral:recipe>/.exec(xmp)?.[1];
  return text === undefined ? null : unescapeXml(text);
}

/** The same recipe without the bytes of its masks. */
export function withoutMasks(recipe: Recipe): Recipe {
  const steps = recipe.steps.map((step) =>
    holdsBytes(step.request) ? { ...step, request: withoutBytes(step.request) } : step,
  );
  return { ...recipe, steps };
}

function packetOf(recipe: Recipe, existing: string | null): string {
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

/** The prompt, and below it everything of the request that is a plain value. */
function describeStep({ request }: RecipeStep): string {
  const { prompt, kind, seed, modelId, ...rest } = request;
  const values = Object.entries({ Seed: seed, Model: modelId, ...rest }).flatMap(([name, value]) =>
    isPlain(value) ? [`${name}: ${value}`] : [],
  );
  const head = isPlain(kind) ? [`${kind}`] : [];
  return `${isPlain(prompt) ? prompt : ""}\n${[...head, ...values].join(", ")}`;
}

function isPlain(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

function unescapeXml(text: string): string {
  return text
    .replaceAll("&quot;", '"')
    .replaceAll("&gt;", ">")
    .replaceAll("&lt;", "<")
    .replaceAll("&amp;", "&");
}
