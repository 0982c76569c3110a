import { createHash } from "node:crypto";
import type { Raster } from "../../core/raster.js";
import { z } from "../../shared/zod.js";

/** Tells pictures apart by their pixels alone, whatever file they come from. */
export const fingerprintSchema = z
  .object({
    width: z.int().min(1),
    height: z.int().min(1),
    channels: z.int().min(1).max(4),
    depth: z.union([z.literal(8), z.literal(16)]),
    /** Of the samples, row-major, 16-bit ones little-endian. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  })
  .readonly();
export type Fingerprint = z.infer<typeof fingerprintSchema>;

/** The fingerprint of a picture's pixels; alpha counts, the colour profile does not. */
export function fingerprintOf({ width, height, channels, depth, data }: Raster): Fingerprint {
  // Every system that the runtime exists for is little-endian.
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { width, height, channels, depth, sha256 };
}

/** True if two pictures have the same pixels. */
export function sameFingerprint(a: Fingerprint, b: Fingerprint): boolean {
  return (
    a.sha256 === b.sha256 &&
    a.width === b.width &&
    a.height === b.height &&
    a.channels === b.channels &&
    a.depth === b.depth
  );
}

/** A fingerprint for people, such as `640 x 480, 3 channels, 8 bits, 1f2e3d4c`. */
export function describeFingerprint({
  width,
  height,
  channels,
  depth,
  sha256,
}: Fingerprint): string {
  const plural = channels === 1 ? "channel" : "channels";
  return `${width} x ${height}, ${channels} ${plural}, ${depth} bits, ${sha256.slice(0, 8)}`;
}
