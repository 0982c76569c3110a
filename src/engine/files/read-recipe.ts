import { toErrorData } from "../../core/errors.js";
import { RECIPE_KEYWORD, recipeInXmp, recipeSchema, type Recipe } from "./recipe.js";
import { unreadable } from "./recorded-request.js";
import { sharp } from "./sharp.js";

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Of the recipe's JSON: thousands of masks, and no more than a parser takes. */
const MAX_RECIPE_BYTES = 256 * 1024 * 1024;

/**
 * How a picture was made, from the PNG text or the XMP packet that an export wrote.
 * @throws AppError FILE_UNREADABLE if it says nothing, or nothing that this version reads
 */
export async function readRecipe(bytes: Uint8Array, name: string): Promise<Recipe> {
  const text = recipeInPng(bytes) ?? recipeInXmp((await readXmp(bytes, name)) ?? "");
  if (text === null) {
    throw unreadable(name, "it says nothing; choose a picture that was exported with its recipe");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unreadable(name, "what it says is damaged", error);
  }
  const parsed = recipeSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw unreadable(name, "it was written by another version of the app; use that one");
}

/** The text under our keyword, if the file is a PNG that has it. */
function recipeInPng(bytes: Uint8Array): string | null {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!file.subarray(0, 8).equals(PNG_SIGNATURE)) return null;
  // Keyword, its end, two bytes that say "not compressed", and two empty language fields.
  const head = Buffer.from(`${RECIPE_KEYWORD}\0\0\0\0\0`, "latin1");
  for (let at = 8; at + 12 <= file.byteLength;) {
    const length = file.readUInt32BE(at);
    const data = file.subarray(at + 8, at + 8 + length);
    const isOurs = file.toString("latin1", at + 4, at + 8) === "iTXt";
    if (isOurs && length <= MAX_RECIPE_BYTES && data.subarray(0, head.byteLength).equals(head)) {
      return data.toString("utf8", head.byteLength);
    }
    at += length + 12;
  }
  return null;
}

async function readXmp(bytes: Uint8Array, name: string): Promise<string | null> {
  try {
    const { xmp } = await sharp(bytes, { limitInputPixels: false }).metadata();
    return xmp?.toString("utf8") ?? null;
  } catch (error) {
    throw unreadable(
      name,
      `it is no picture that can be read (${toErrorData(error).message})`,
      error,
    );
  }
}
