import type { TokenLayout } from "../layout.js";
import type { ModelImage } from "../model-image.js";

/** Below so many pixels there is no room for a correction that leaves block means alone. */
const LEAST_REACH = 4;
/** Lines of a seam whose steps are averaged: what is drawn may have an edge there, but no long one by chance. */
const AVERAGED = 5;

/**
 * How far from its border each cell may be changed, in pixels: half a cell, but no more than a block
 * whose mean is given by the scales that are not drawn there; 0 where nothing is drawn.
 * @param isDrawn one value a token
 */
export function seamReach(layout: TokenLayout, isDrawn: Uint8Array): Uint8Array {
  const { tokensPerScale, scaleCount, levels, cellSide } = layout;
  return Uint8Array.from({ length: tokensPerScale }, (_, cell) => {
    for (let scale = 0; scale < scaleCount; scale++) {
      if (isDrawn[scale * tokensPerScale + cell] !== 1) continue;
      const block = scale === 0 ? cellSide : 2 ** (levels - scale + 1);
      const reach = Math.min(cellSide / 2, block, 255);
      return reach < LEAST_REACH ? 0 : reach;
    }
    return 0;
  });
}

/**
 * Softens the steps between drawn cells and what is beside them. Every scale's tokens cover the same
 * cells, so tokens that do not quite fit leave steps along them, which add up to visible blocks. The
 * part of a step that is more than the slopes on both sides expect is taken away by a ramp into the
 * drawn cells. Cells in which nothing is drawn stay bit for bit, and so, but for rounding, do the
 * means of blocks that the kept scales give.
 * @param reach of each cell, see {@link seamReach}
 */
export function softenSeams(
  { side, data }: ModelImage,
  { grid, cellSide }: TokenLayout,
  reach: Uint8Array,
): ModelImage {
  const softened = data.slice();
  if (!reach.some((pixels) => pixels > 0)) return { side, data: softened };
  for (const across of ["x", "y"] as const) {
    const [step, along] = across === "x" ? [1, side] : [side, 1];
    const cellStep = across === "x" ? 1 : grid;
    const cellAlong = across === "x" ? grid : 1;
    for (let plane = 0; plane < 3; plane++) {
      for (let seam = 1; seam < grid; seam++) {
        const first = plane * side * side + seam * cellSide * step;
        const excess = averaged(excessSteps(softened, first, step, along, side));
        for (let line = 0; line < side; line++) {
          const cell = seam * cellStep + Math.floor(line / cellSide) * cellAlong;
          const before = reach[cell - cellStep] ?? 0;
          const after = reach[cell] ?? 0;
          const share = (excess[line] ?? 0) / Math.max(1, Number(before > 0) + Number(after > 0));
          const at = first + line * along;
          addRamp(softened, at - step, -step, rampOf(before), share);
          addRamp(softened, at, step, rampOf(after), -share);
        }
      }
    }
  }
  return { side, data: softened };
}

/** For each line across a seam, by how much its step exceeds the mean of the slopes before and after. */
function excessSteps(
  data: Float32Array,
  first: number,
  step: number,
  along: number,
  lines: number,
): Float32Array {
  const excess = new Float32Array(lines);
  for (let line = 0, at = first; line < lines; line++, at += along) {
    const near = data[at] ?? 0;
    const far = data[at - step] ?? 0;
    const slopes = far - (data[at - 2 * step] ?? 0) + (data[at + step] ?? 0) - near;
    excess[line] = near - far - slopes / 2;
  }
  return excess;
}

/** Means of neighbouring lines; the ends are repeated. */
function averaged(values: Float32Array): Float32Array {
  const half = (AVERAGED - 1) / 2;
  const last = values.length - 1;
  const means = new Float32Array(values.length);
  for (let line = 0; line <= last; line++) {
    let sum = 0;
    for (let other = line - half; other <= line + half; other++) {
      sum += values[Math.max(0, Math.min(last, other))] ?? 0;
    }
    means[line] = sum / AVERAGED;
  }
  return means;
}

function addRamp(
  data: Float32Array,
  first: number,
  step: number,
  ramp: Float32Array,
  amount: number,
): void {
  for (let distance = 0, at = first; distance < ramp.length; distance++, at += step) {
    data[at] = (data[at] ?? 0) + amount * (ramp[distance] ?? 0);
  }
}

const ramps = new Map<number, Float32Array>();

/** From 1 smoothly to 0 over `reach` pixels, with a sum of 0: (1 - u)^2 (1 - 4u) less its mean. */
function rampOf(reach: number): Float32Array {
  const known = ramps.get(reach);
  if (known) return known;
  const raw = Float64Array.from({ length: reach }, (_, index) => {
    const u = (index + 0.5) / reach;
    return (1 - u) ** 2 * (1 - 4 * u);
  });
  const mean = raw.reduce((sum, value) => sum + value, 0) / Math.max(1, reach);
  const top = (raw[0] ?? 1) - mean;
  const ramp = Float32Array.from(raw, (value) => (value - mean) / top);
  ramps.set(reach, ramp);
  return ramp;
}
