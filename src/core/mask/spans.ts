import { bottomOf, intersectRects, rightOf, type Rect } from "../rect.js";
import { coverageRect, paintPixels, type Coverage, type PaintMode } from "./coverage.js";

/** Samples along each side of a pixel. */
const SAMPLES = 4;

/**
 * Paints a shape that is given by horizontal spans: `spansAt(y)` lists x from, to, from, to, ...
 * ascending. Each pixel's strength is the share of its 4 x 4 samples that lie in a span.
 */
export function paintSpans(
  coverage: Coverage,
  bounds: Rect,
  mode: PaintMode,
  spansAt: (y: number) => readonly number[],
): Rect {
  const inside = intersectRects(bounds, coverageRect(coverage));
  const counts = new Uint8Array(inside.width);
  for (let y = inside.y; y < bottomOf(inside); y++) {
    counts.fill(0);
    for (let sample = 0; sample < SAMPLES; sample++) {
      const spans = spansAt(y + (sample + 0.5) / SAMPLES);
      for (let i = 0; i + 1 < spans.length; i += 2) {
        countSamples(counts, inside, spans[i] ?? 0, spans[i + 1] ?? 0);
      }
    }
    const row = { x: inside.x, y, width: inside.width, height: 1 };
    paintPixels(coverage, row, mode, (x) => {
      return (counts[Math.floor(x) - inside.x] ?? 0) / (SAMPLES * SAMPLES);
    });
  }
  return inside;
}

/** Adds to each pixel how many of the row's samples lie in [from, to). */
function countSamples(counts: Uint8Array, inside: Rect, from: number, to: number): void {
  const sampleFrom = Math.ceil((Math.max(from, inside.x) - inside.x) * SAMPLES - 0.5);
  const sampleTo = Math.ceil((Math.min(to, rightOf(inside)) - inside.x) * SAMPLES - 0.5);
  for (let sample = sampleFrom; sample < sampleTo;) {
    const pixel = Math.floor(sample / SAMPLES);
    const next = Math.min(sampleTo, (pixel + 1) * SAMPLES);
    counts[pixel] = (counts[pixel] ?? 0) + next - sample;
    sample = next;
  }
}
