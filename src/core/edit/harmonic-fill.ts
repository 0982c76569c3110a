import type { ModelImage } from "../model-image.js";

/** Sweeps at each level; the level above gives a good start, so few are needed. */
const SWEEPS = 24;

/** Planes of a picture at one level of the pyramid, and which pixels are known there. */
interface Level {
  readonly side: number;
  readonly planes: Float32Array;
  /** 1 where the value is given, 0 where it is sought. */
  readonly known: Uint8Array;
}

/**
 * Fills the unknown pixels smoothly from the known ones around them: each becomes the mean of its
 * neighbours (the discrete Laplace equation), solved from coarse to fine. Known pixels stay as they
 * are, bit for bit. If none is known, all get the picture's mean colour.
 * @param unknown `side * side` values, not 0 where a pixel is to be filled
 */
export function fillHarmonically(image: ModelImage, unknown: Uint8Array): ModelImage {
  const known = unknown.map((value) => (value === 0 ? 1 : 0));
  if (!known.includes(0)) return image;
  const planes = image.data.slice();
  if (!known.includes(1)) fillWithMeans(planes, image.side * image.side);
  else solve({ side: image.side, planes, known });
  return { side: image.side, data: planes };
}

function fillWithMeans(planes: Float32Array, area: number): void {
  for (let plane = 0; plane < 3; plane++) {
    const values = planes.subarray(plane * area, (plane + 1) * area);
    let sum = 0;
    for (const value of values) sum += value;
    values.fill(sum / area);
  }
}

function solve(level: Level): void {
  if (level.side > 1 && level.known.includes(0)) {
    const coarse = reduce(level);
    solve(coarse);
    takeOver(level, coarse);
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) relax(level);
}

/** Half the side; a pixel is known if one of the (up to) four below it is, as their mean. */
function reduce({ side, planes, known }: Level): Level {
  const half = Math.ceil(side / 2);
  const reduced: Level = {
    side: half,
    planes: new Float32Array(3 * half * half),
    known: new Uint8Array(half * half),
  };
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < half; x++) {
      const below = [];
      for (const row of [2 * y, 2 * y + 1]) {
        for (const column of [2 * x, 2 * x + 1]) {
          if (row < side && column < side && known[row * side + column] === 1) {
            below.push(row * side + column);
          }
        }
      }
      if (below.length === 0) continue;
      reduced.known[y * half + x] = 1;
      for (let plane = 0; plane < 3; plane++) {
        let sum = 0;
        for (const at of below) sum += planes[plane * side * side + at] ?? 0;
        reduced.planes[(plane * half + y) * half + x] = sum / below.length;
      }
    }
  }
  return reduced;
}

/** Unknown pixels start from the coarser level's solution. */
function takeOver({ side, planes, known }: Level, coarse: Level): void {
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (known[y * side + x] === 1) continue;
      const from = Math.floor(y / 2) * coarse.side + Math.floor(x / 2);
      for (let plane = 0; plane < 3; plane++) {
        planes[(plane * side + y) * side + x] =
          coarse.planes[plane * coarse.side * coarse.side + from] ?? 0;
      }
    }
  }
}

/** One sweep: every unknown pixel becomes the mean of its neighbours. */
function relax({ side, planes, known }: Level): void {
  for (let plane = 0; plane < 3; plane++) {
    const base = plane * side * side;
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const at = y * side + x;
        if (known[at] === 1) continue;
        // Beyond the border a pixel is its own neighbour, which leaves the mean of the others.
        const own = planes[base + at] ?? 0;
        const left = x > 0 ? (planes[base + at - 1] ?? 0) : own;
        const right = x < side - 1 ? (planes[base + at + 1] ?? 0) : own;
        const above = y > 0 ? (planes[base + at - side] ?? 0) : own;
        const below = y < side - 1 ? (planes[base + at + side] ?? 0) : own;
        planes[base + at] = (left + right + above + below) / 4;
      }
    }
  }
}
