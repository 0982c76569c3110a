import type { Metadata, Sharp, SharpOptions } from "sharp";
import { AppError } from "../../core/errors.js";
import { createRaster, type BitDepth, type ChannelCount, type Raster } from "../../core/raster.js";
import { MAX_PIXELS, MAX_SIDE_PX } from "../../shared/limits.js";
import { uprightExif, uprightXmp, type PictureMetadata } from "./metadata.js";
import { requireFileSize } from "./read-bytes.js";
import { sharp } from "./sharp.js";
import { endsEarly, nameForeignFormat, sniffFormat, type PictureFormat } from "./sniff.js";

/** A picture file that was read. */
export interface Picture {
  readonly format: PictureFormat;
  /** Upright: the file's orientation is applied. */
  readonly raster: Raster;
  readonly metadata: PictureMetadata;
}

export interface ReadOptions {
  /** Opens the first picture of an animation or a file of several pages, which is refused otherwise. */
  readonly frame?: "first" | undefined;
}

/** Samples as libvips holds them and as a raster should. */
interface SampleLayout {
  readonly colourspace: "b-w" | "grey16" | "srgb" | "rgb16";
  readonly channels: ChannelCount;
  readonly depth: BitDepth;
}

/**
 * Reads a picture: content sniffed, header and limits checked before anything is decoded, samples
 * kept as they are in the file (grey stays grey, 16 bits stay 16, no colour conversion).
 * @param name for messages
 * @throws AppError FILE_EMPTY, FILE_TOO_LARGE, FILE_NOT_AN_IMAGE, FILE_TRUNCATED, IMAGE_TOO_LARGE,
 * IMAGE_ANIMATED, IMAGE_UNSUPPORTED_COLOUR, IMAGE_DAMAGED
 */
export async function readPicture(
  bytes: Uint8Array,
  name: string,
  options: ReadOptions = {},
): Promise<Picture> {
  requireFileSize(bytes.byteLength, name);
  const format = sniffFormat(bytes);
  if (format === null) throw notAnImage(bytes, name);
  const header = await readHeader(bytes, name, format);
  requireSize(header, name);
  if (options.frame !== "first") requireSinglePage(header, name);
  const layout = layoutOf(header, name);
  const raster = await decode(bytes, name, format, layout);
  return { format, raster, metadata: metadataOf(header) };
}

/** Our own limits are checked on the header, with better messages; sharp's stay on for decoding. */
async function readHeader(
  bytes: Uint8Array,
  name: string,
  format: PictureFormat,
): Promise<Metadata> {
  try {
    return await sharp(bytes, { ...decodeOptions, limitInputPixels: false }).metadata();
  } catch (error) {
    throw damaged(error, bytes, name, format);
  }
}

const decodeOptions: SharpOptions = {
  failOn: "error",
  limitInputPixels: MAX_PIXELS,
  // A colour conversion would change samples, and with them pixels that nobody asked to change.
  ignoreIcc: true,
  page: 0,
  pages: 1,
};

async function decode(
  bytes: Uint8Array,
  name: string,
  format: PictureFormat,
  layout: SampleLayout,
): Promise<Raster> {
  // libvips gives only the first band of 8-bit grey with alpha as raw samples; as RGBA it gives all.
  const isGreyAlpha8 = layout.channels === 2 && layout.depth === 8;
  const image = sharp(bytes, decodeOptions)
    .autoOrient()
    .toColourspace(isGreyAlpha8 ? "srgb" : layout.colourspace);
  try {
    const { data, info } = await rawOf(image, layout.depth);
    const samples = layout.depth === 8 ? data : asUint16(data);
    if (isGreyAlpha8) {
      return createRaster(info.width, info.height, 2, 8, dropRepeatedGrey(data));
    }
    return createRaster(info.width, info.height, layout.channels, layout.depth, samples);
  } catch (error) {
    throw damaged(error, bytes, name, format);
  }
}

async function rawOf(image: Sharp, depth: BitDepth) {
  const { data, info } = await image
    .raw({ depth: depth === 8 ? "uchar" : "ushort" })
    .toBuffer({ resolveWithObject: true });
  return { data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), info };
}

function asUint16(bytes: Uint8Array): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : Uint8Array.from(bytes);
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
}

function dropRepeatedGrey(rgba: Uint8Array): Uint8Array {
  const greyAlpha = new Uint8Array(rgba.length / 2);
  for (let pixel = 0; pixel < rgba.length / 4; pixel++) {
    greyAlpha[2 * pixel] = rgba[4 * pixel] ?? 0;
    greyAlpha[2 * pixel + 1] = rgba[4 * pixel + 3] ?? 0;
  }
  return greyAlpha;
}

function layoutOf({ space, channels, depth }: Metadata, name: string): SampleLayout {
  const isEight = depth === "uchar";
  if (space === "b-w" && isEight && channels <= 2) return layout("b-w", channels, 8);
  if (space === "grey16" && depth === "ushort" && channels <= 2) {
    return layout("grey16", channels, 16);
  }
  const isRgb = channels === 3 || channels === 4;
  if (space === "srgb" && isEight && isRgb) return layout("srgb", channels, 8);
  if ((space === "rgb16" || space === "srgb") && depth === "ushort" && isRgb) {
    return layout("rgb16", channels, 16);
  }
  throw new AppError(
    "IMAGE_UNSUPPORTED_COLOUR",
    `Expected grey or RGB with 8 or 16 bits and at most one alpha channel but ${name} is ${space} with ${channels} channels of ${depth}; convert it to RGB first.`,
    { name, space, channels, depth },
  );
}

function layout(
  colourspace: SampleLayout["colourspace"],
  channels: number,
  depth: BitDepth,
): SampleLayout {
  // Proof of the cast: every caller above has checked that channels is 1, 2, 3 or 4.
  return { colourspace, channels: channels as ChannelCount, depth };
}

function requireSize({ width, height }: Metadata, name: string): void {
  const pixels = width * height;
  if (width <= MAX_SIDE_PX && height <= MAX_SIDE_PX && pixels <= MAX_PIXELS) return;
  throw new AppError(
    "IMAGE_TOO_LARGE",
    `Expected at most ${MAX_PIXELS / 1e6} megapixels and ${MAX_SIDE_PX} pixels a side but ${name} is ${width} x ${height}; reduce or split it first.`,
    { name, widthPx: width, heightPx: height, limitPixels: MAX_PIXELS },
  );
}

function requireSinglePage({ pages, format }: Metadata, name: string): void {
  if (pages === undefined || pages <= 1) return;
  const what = format === "tiff" ? "pages" : "frames";
  throw new AppError(
    "IMAGE_ANIMATED",
    `Expected a single picture but ${name} has ${pages} ${what}; open only the first one, or save the one you want as a file of its own.`,
    { name, pages },
  );
}

function metadataOf({ icc, exif, xmp }: Metadata): PictureMetadata {
  return {
    icc: icc ? Uint8Array.from(icc) : null,
    exif: exif ? uprightExif(exif) : null,
    xmp: xmp ? uprightXmp(xmp.toString("utf8")) : null,
  };
}

function notAnImage(bytes: Uint8Array, name: string): AppError {
  const foreign = nameForeignFormat(bytes);
  const found = foreign === null ? "something else" : `a ${foreign} file`;
  return new AppError(
    "FILE_NOT_AN_IMAGE",
    `Expected a PNG, JPEG, WebP, TIFF, AVIF or GIF picture but ${name} holds ${found}; convert it to one of these.`,
    { name },
  );
}

function damaged(error: unknown, bytes: Uint8Array, name: string, format: PictureFormat): unknown {
  if (error instanceof AppError) return error;
  const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  const isCut = endsEarly(format, bytes) || /premature end|truncated|unexpected end/i.test(reason);
  if (isCut) {
    return new AppError(
      "FILE_TRUNCATED",
      `Expected a whole ${format} file but ${name} ends early; copy or download it again.`,
      { name, reason },
      { cause: error },
    );
  }
  return new AppError(
    "IMAGE_DAMAGED",
    `Expected a readable ${format} picture but ${name} is damaged (${reason}); try another copy.`,
    { name, reason },
    { cause: error },
  );
}
