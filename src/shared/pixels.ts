import { MAX_FILE_BYTES, MAX_PIXELS, MAX_SIDE_PX } from "./limits.js";
import { z } from "./zod.js";

/**
 * Raw bytes of a reply; hosts carry them beside the JSON, never as base64. They are never shared
 * memory, so a page may draw them as they are.
 */
export const bytesSchema = z.instanceof(Uint8Array);

/** Raw bytes of a request, whatever memory they lie in. */
const givenBytesSchema = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array,
  "expected a Uint8Array",
);

/** The bytes of a picture file. */
export const fileBytesSchema = givenBytesSchema.refine(
  (bytes) => bytes.byteLength <= MAX_FILE_BYTES,
  `expected at most ${MAX_FILE_BYTES} bytes`,
);

/** A side of a picture in pixels. */
export const sideSchema = z.int().min(1).max(MAX_SIDE_PX);

/** A rectangle of whole document pixels that holds at least one; it may hang over the border. */
export const rectSchema = z
  .object({
    x: z.int().min(-MAX_SIDE_PX).max(MAX_SIDE_PX),
    y: z.int().min(-MAX_SIDE_PX).max(MAX_SIDE_PX),
    width: sideSchema,
    height: sideSchema,
  })
  .readonly();

const screenFields = { width: sideSchema, height: sideSchema, rgba: bytesSchema };

/** True if `rgba` has four bytes for each pixel. */
function isFilled(image: { width: number; height: number; rgba: Uint8Array }): boolean {
  return image.rgba.byteLength === image.width * image.height * 4;
}

const fillMessage = "expected rgba to hold width * height * 4 bytes";

/**
 * Pixels for the screen: 8-bit RGBA, not premultiplied, row-major. `fields` adds to the object.
 */
export function screenImageSchema<Fields extends z.ZodRawShape>(fields: Fields) {
  return z
    .object({ ...fields, ...screenFields })
    .refine((image) => isFilled(pickScreen(image)), fillMessage)
    .readonly();
}

/** Reads the screen fields of an object that zod has just checked to have them. */
function pickScreen(image: object): { width: number; height: number; rgba: Uint8Array } {
  // Proof of the cast: called by `refine` after the object schema above accepted these fields.
  return image as { width: number; height: number; rgba: Uint8Array };
}

/** Which pixels of a document may change: 0 never, 255 freely; outside `rect` everything is 0. */
export const maskSchema = z
  .object({ rect: rectSchema, alpha: givenBytesSchema })
  .refine(
    (mask) => mask.rect.width * mask.rect.height <= MAX_PIXELS,
    `expected a mask of at most ${MAX_PIXELS} pixels`,
  )
  .refine(
    (mask) => mask.alpha.byteLength === mask.rect.width * mask.rect.height,
    "expected alpha to hold rect.width * rect.height values",
  )
  .readonly();

/** A mask as runs of equal values; `unpackMask` in src/core/mask says how. */
export const packedMaskSchema = z.object({ rect: rectSchema, runs: givenBytesSchema }).readonly();
