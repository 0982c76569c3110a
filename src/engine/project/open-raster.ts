import type { Size } from "../../core/plan/target-size.js";

/*
 * OpenRaster: a zip whose first file is its media type, with layers as PNG files, `stack.xml` that
 * says how they lie, the merged picture, and a thumbnail. Other files in it are left alone by
 * programs that do not know them. https://www.openraster.org/baseline/file-layout-spec.html
 */

export const OPEN_RASTER_TYPE = "image/openraster";
export const MERGED_PATH = "mergedimage.png";
export const THUMBNAIL_PATH = "Thumbnails/thumbnail.png";
export const STACK_PATH = "stack.xml";
/** Longest side of the thumbnail, as the format asks. */
export const THUMBNAIL_SIDE_PX = 256;

/** One layer of the picture. */
export interface Layer {
  readonly name: string;
  readonly path: string;
  readonly x: number;
  readonly y: number;
  readonly isVisible: boolean;
}

/** `stack.xml`. @param layers the lowest first */
export function stackXml({ width, height }: Size, layers: readonly Layer[]): string {
  const lines = layers
    .map(({ name, path, x, y, isVisible }) => {
      const visibility = isVisible ? "visible" : "hidden";
      return `    <layer name="${escapeAttribute(name)}" src="${path}" x="${x}" y="${y}" opacity="1.0" visibility="${visibility}" composite-op="svg:src-over"/>`;
    })
    // The format lists the topmost layer first.
    .reverse();
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<image version="0.0.5" w="${width}" h="${height}">`,
    `  <stack>`,
    ...lines,
    `  </stack>`,
    `</image>`,
    ``,
  ].join("\n");
}

/** True if a file's first bytes say that it is an OpenRaster file, whatever its name is. */
export function isOpenRaster(bytes: Uint8Array): boolean {
  if (bytes.byteLength < 64) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== 0x504b0304 || view.getUint16(26, true) !== 8) return false;
  const content = 38 + view.getUint16(28, true);
  const text = (from: number, length: number) =>
    String.fromCharCode(...bytes.subarray(from, from + length));
  return text(30, 8) === "mimetype" && text(content, 16) === OPEN_RASTER_TYPE;
}

function escapeAttribute(text: string): string {
  return (
    text
      // XML has no place for control characters, not even escaped ones.
      .replaceAll(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, " ")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll('"', "&quot;")
  );
}
