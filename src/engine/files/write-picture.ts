import type { Sharp } from "sharp";
import { AppError } from "../../core/errors.js";
import { hasAlphaChannel, type BitDepth, type Raster } from "../../core/raster.js";
import type { ExportFormat } from "../../shared/documents.js";
import type { PictureMetadata } from "./metadata.js";
import { insertMetadata } from "./png-chunks.js";
import { colourspaceOf, rawImageOf } from "./raw-image.js";
import { recipeTexts, recipeXmp, type Recipe } from "./recipe.js";
import { sharp } from "./sharp.js";

export interface WriteOptions {
  readonly format: ExportFormat;
  /** 1..100. PNG and TIFF lose nothing whatever it is; WebP and AVIF lose nothing at 100. */
  readonly quality: number;
  readonly metadata: PictureMetadata;
  /** What made the picture, or null to write nothing about it. */
  readonly recipe: Recipe | null;
}

interface FormatFacts {
  readonly mediaType: string;
  readonly extension: string;
  readonly maxSidePx: number;
}

/** What each format is called and can hold. */
export const EXPORT_FACTS: Readonly<Record<ExportFormat, FormatFacts>> = {
  png: { mediaType: "image/png", extension: "png", maxSidePx: 2 ** 31 - 1 },
  jpeg: { mediaType: "image/jpeg", extension: "jpg", maxSidePx: 65_535 },
  webp: { mediaType: "image/webp", extension: "webp", maxSidePx: 16_383 },
  tiff: { mediaType: "image/tiff", extension: "tiff", maxSidePx: 2 ** 31 - 1 },
  avif: { mediaType: "image/avif", extension: "avif", maxSidePx: 16_384 },
};

/**
 * A JPEG holds a packet in one segment, and libvips leaves a longer one out. A PNG has the whole
 * recipe as a text already.
 */
const MAX_XMP_BYTES: Readonly<Partial<Record<ExportFormat, number>>> = {
  jpeg: 65_000,
  png: 16_000,
};

/** TIFF's offsets have 32 bits; larger pictures need the variant with 64. */
const BIG_TIFF_BYTES = 2 ** 32 - 2 ** 24;

/**
 * Encodes a picture with its profile, EXIF, XMP and, if asked, what made it.
 *
 * PNG and TIFF keep 16 bits; the others are 8-bit formats. JPEG has no alpha: transparent parts
 * become white.
 * @throws AppError TARGET_FORMAT_UNSUPPORTED if the format cannot hold the picture
 */
export async function writePicture(raster: Raster, options: WriteOptions): Promise<Uint8Array> {
  requireFitting(raster, options.format);
  const { recipe, format } = options;
  const described = describedMetadata(options);
  const hasAny = described.icc ?? described.exif ?? described.xmp;
  if (format === "png") {
    const png = await encode(rawImageOf(raster), raster, options);
    return insertMetadata(png, described, recipe ? recipeTexts(recipe) : []);
  }
  if (hasAny === null) return encode(rawImageOf(raster), raster, options);
  const carrier = await rawImageOf(raster).png({ compressionLevel: 0 }).toBuffer();
  const image = sharp(insertMetadata(carrier, described), {
    ignoreIcc: true,
    limitInputPixels: false,
  });
  return encode(image.keepMetadata(), raster, options);
}

/** The picture's own metadata, and what made it in its XMP. */
export function describedMetadata({
  metadata,
  recipe,
  format,
}: Omit<WriteOptions, "quality">): PictureMetadata {
  if (recipe === null) return metadata;
  return { ...metadata, xmp: recipeXmp(recipe, metadata.xmp, MAX_XMP_BYTES[format]) };
}

async function encode(image: Sharp, raster: Raster, options: WriteOptions): Promise<Uint8Array> {
  const { quality, format } = options;
  const bytes = await encoderOf(image, raster, format, quality).toBuffer();
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An image that will be encoded, its samples converted to what the format holds. */
export function encoderOf(
  image: Sharp,
  { width, height, channels, depth }: Omit<Raster, "data">,
  format: ExportFormat,
  quality: number,
): Sharp {
  const eight = () => image.toColourspace(colourspaceOf(channels, 8));
  const isLossless = quality === 100;
  switch (format) {
    case "png":
      return image.png({ compressionLevel: 6 });
    case "tiff":
      return image.toColourspace(colourspaceOf(channels, depth)).tiff({
        compression: "deflate",
        predictor: "horizontal",
        bigtiff: (width * height * channels * depth) / 8 > BIG_TIFF_BYTES,
      });
    case "jpeg": {
      const opaque = hasAlphaChannel(channels) ? eight().flatten({ background: "white" }) : eight();
      return opaque.jpeg({ quality, chromaSubsampling: quality >= 90 ? "4:4:4" : "4:2:0" });
    }
    case "webp":
      return eight().webp(isLossless ? { lossless: true, exact: true } : { quality });
    case "avif":
      return eight().avif(isLossless ? { lossless: true } : { quality });
  }
}

/** True if a file of that format gives back every sample that was written. */
export function keepsSamples(format: ExportFormat, quality: number, depth: BitDepth): boolean {
  if (format === "png" || format === "tiff") return true;
  return format !== "jpeg" && quality === 100 && depth === 8;
}

/** @throws AppError TARGET_FORMAT_UNSUPPORTED if the format cannot hold a picture of that size */
export function requireFitting(
  { width, height }: Pick<Raster, "width" | "height">,
  format: ExportFormat,
): void {
  const { maxSidePx } = EXPORT_FACTS[format];
  if (width <= maxSidePx && height <= maxSidePx) return;
  throw new AppError(
    "TARGET_FORMAT_UNSUPPORTED",
    `Expected at most ${maxSidePx} pixels a side for ${format} but the picture is ${width} x ${height}; save it as PNG or TIFF.`,
    { format, widthPx: width, heightPx: height, maxSidePx },
  );
}
