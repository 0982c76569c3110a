import type { PredictionView, SampleView } from "./views.js";

/** A row of blocks of one channel. */
export interface BlockRow {
  readonly prediction: PredictionView;
  /** Index of the row's first predicted sample. */
  readonly from: number;
  readonly source: SampleView;
  /** Index of the row's first source sample. */
  readonly at: number;
  readonly output: SampleView;
  /** Index of the row's first output sample. */
  readonly to: number;
  /** Blocks in the row. */
  readonly count: number;
  readonly factor: number;
  readonly maxSample: number;
  /** Values from `firstFlag` on: blocks that are not 0 here are left out. */
  readonly isRepeated: Uint8Array | undefined;
  readonly firstFlag: number;
}

/** Told which block of the row it has to round, since the quick way does not apply. */
export type SlowWay = (block: number) => void;

/** Values of the largest block. */
const errors = new Float64Array(64);

/** True for the factors that {@link roundRowQuickly} knows. */
export function hasQuickWay(factor: number): boolean {
  return factor === 2 || factor === 4 || factor === 8;
}

/**
 * Rounds blocks that no bound touches and where no two values compete equally, which are nearly all
 * there are; the others go to `slowly`. This is the inner loop of every enlarged picture.
 *
 * [Note: nearest first] Handing the units of a block's sum to the largest remainders of values that
 * were rounded down (see [Note: box and sum]) gives the same as rounding every value to its nearest
 * integer and then moving those that are furthest from their targets, as long as the sum is wrong.
 * After rounding to nearest it is right or wrong by one in four blocks of five.
 */
export function roundRowQuickly(row: BlockRow, slowly: SlowWay): void {
  if (row.factor === 2) roundFours(row, slowly);
  else if (row.factor === 4) roundSixteens(row, slowly);
  else roundLarger(row, slowly);
}

/** Blocks of 2 x 2, without a loop. */
function roundFours(row: BlockRow, slowly: SlowWay): void {
  const { source, at, count, isRepeated, firstFlag } = row;
  const { data, rowStride: down, pixelStride: right, scale } = row.prediction;
  const { data: output, rowStride: below, pixelStride: beside } = row.output;
  const top = row.maxSample + 0.5;
  for (let block = 0; block < count; block++) {
    if (isRepeated !== undefined && isRepeated[firstFlag + block] !== 0) continue;
    const from = row.from + 2 * block * right;
    // A missing prediction must not pass for black, hence NaN, which is nothing that can be rounded.
    const ta = data[from] ?? Number.NaN;
    const tb = data[from + right] ?? Number.NaN;
    const tc = data[from + down] ?? Number.NaN;
    const td = data[from + down + right] ?? Number.NaN;
    const sample = source.data[at + block * source.pixelStride] ?? 0;
    const shift = sample - (ta + tb + tc + td) * scale * 0.25 + 0.5;
    const a = ta * scale + shift;
    const b = tb * scale + shift;
    const c = tc * scale + shift;
    const d = td * scale + shift;
    const isInside =
      a >= 0.5 && b >= 0.5 && c >= 0.5 && d >= 0.5 && a <= top && b <= top && c <= top && d <= top;
    if (!isInside) {
      slowly(block);
      continue;
    }
    // What the bitwise operator cuts off is what lies behind the point: these are not negative.
    const na = a | 0;
    const nb = b | 0;
    const nc = c | 0;
    const nd = d | 0;
    const missing = 4 * sample - na - nb - nc - nd;
    const to = row.to + 2 * block * beside;
    output[to] = na;
    output[to + beside] = nb;
    output[to + below] = nc;
    output[to + below + beside] = nd;
    if (missing === 0) continue;
    errors[0] = a - na;
    errors[1] = b - nb;
    errors[2] = c - nc;
    errors[3] = d - nd;
    if (!repair(row, to, 4, missing)) slowly(block);
  }
}

/**
 * Blocks of 4 x 4, without a loop: targets `t`, values `v` half a level above their reals, integers
 * `n`. Long on purpose; with loops and an array in between it takes a third more.
 */
function roundSixteens(row: BlockRow, slowly: SlowWay): void {
  const { source, at, count, isRepeated, firstFlag } = row;
  const { data, rowStride: down, pixelStride: right, scale } = row.prediction;
  const { data: output, rowStride: below, pixelStride: beside } = row.output;
  const top = row.maxSample + 0.5;
  const meanScale = scale / 16;
  for (let block = 0; block < count; block++) {
    if (isRepeated !== undefined && isRepeated[firstFlag + block] !== 0) continue;
    let from = row.from + 4 * block * right;
    const t0 = data[from] ?? Number.NaN;
    const t1 = data[from + right] ?? Number.NaN;
    const t2 = data[from + 2 * right] ?? Number.NaN;
    const t3 = data[from + 3 * right] ?? Number.NaN;
    from += down;
    const t4 = data[from] ?? Number.NaN;
    const t5 = data[from + right] ?? Number.NaN;
    const t6 = data[from + 2 * right] ?? Number.NaN;
    const t7 = data[from + 3 * right] ?? Number.NaN;
    from += down;
    const t8 = data[from] ?? Number.NaN;
    const t9 = data[from + right] ?? Number.NaN;
    const t10 = data[from + 2 * right] ?? Number.NaN;
    const t11 = data[from + 3 * right] ?? Number.NaN;
    from += down;
    const t12 = data[from] ?? Number.NaN;
    const t13 = data[from + right] ?? Number.NaN;
    const t14 = data[from + 2 * right] ?? Number.NaN;
    const t15 = data[from + 3 * right] ?? Number.NaN;
    const total =
      t0 + t1 + t2 + t3 + (t4 + t5 + t6 + t7) + (t8 + t9 + t10 + t11) + (t12 + t13 + t14 + t15);
    const sample = source.data[at + block * source.pixelStride] ?? 0;
    const shift = sample - total * meanScale + 0.5;
    const v0 = t0 * scale + shift;
    const v1 = t1 * scale + shift;
    const v2 = t2 * scale + shift;
    const v3 = t3 * scale + shift;
    const v4 = t4 * scale + shift;
    const v5 = t5 * scale + shift;
    const v6 = t6 * scale + shift;
    const v7 = t7 * scale + shift;
    const v8 = t8 * scale + shift;
    const v9 = t9 * scale + shift;
    const v10 = t10 * scale + shift;
    const v11 = t11 * scale + shift;
    const v12 = t12 * scale + shift;
    const v13 = t13 * scale + shift;
    const v14 = t14 * scale + shift;
    const v15 = t15 * scale + shift;
    const isInside =
      v0 >= 0.5 &&
      v0 <= top &&
      v1 >= 0.5 &&
      v1 <= top &&
      v2 >= 0.5 &&
      v2 <= top &&
      v3 >= 0.5 &&
      v3 <= top &&
      v4 >= 0.5 &&
      v4 <= top &&
      v5 >= 0.5 &&
      v5 <= top &&
      v6 >= 0.5 &&
      v6 <= top &&
      v7 >= 0.5 &&
      v7 <= top &&
      v8 >= 0.5 &&
      v8 <= top &&
      v9 >= 0.5 &&
      v9 <= top &&
      v10 >= 0.5 &&
      v10 <= top &&
      v11 >= 0.5 &&
      v11 <= top &&
      v12 >= 0.5 &&
      v12 <= top &&
      v13 >= 0.5 &&
      v13 <= top &&
      v14 >= 0.5 &&
      v14 <= top &&
      v15 >= 0.5 &&
      v15 <= top;
    if (!isInside) {
      slowly(block);
      continue;
    }
    const n0 = v0 | 0;
    const n1 = v1 | 0;
    const n2 = v2 | 0;
    const n3 = v3 | 0;
    const n4 = v4 | 0;
    const n5 = v5 | 0;
    const n6 = v6 | 0;
    const n7 = v7 | 0;
    const n8 = v8 | 0;
    const n9 = v9 | 0;
    const n10 = v10 | 0;
    const n11 = v11 | 0;
    const n12 = v12 | 0;
    const n13 = v13 | 0;
    const n14 = v14 | 0;
    const n15 = v15 | 0;
    const to = row.to + 4 * block * beside;
    let line = to;
    output[line] = n0;
    output[line + beside] = n1;
    output[line + 2 * beside] = n2;
    output[line + 3 * beside] = n3;
    line += below;
    output[line] = n4;
    output[line + beside] = n5;
    output[line + 2 * beside] = n6;
    output[line + 3 * beside] = n7;
    line += below;
    output[line] = n8;
    output[line + beside] = n9;
    output[line + 2 * beside] = n10;
    output[line + 3 * beside] = n11;
    line += below;
    output[line] = n12;
    output[line + beside] = n13;
    output[line + 2 * beside] = n14;
    output[line + 3 * beside] = n15;
    const missing =
      16 * sample -
      (n0 + n1 + n2 + n3) -
      (n4 + n5 + n6 + n7) -
      (n8 + n9 + n10 + n11) -
      (n12 + n13 + n14 + n15);
    if (missing === 0) continue;
    errors[0] = v0 - n0;
    errors[1] = v1 - n1;
    errors[2] = v2 - n2;
    errors[3] = v3 - n3;
    errors[4] = v4 - n4;
    errors[5] = v5 - n5;
    errors[6] = v6 - n6;
    errors[7] = v7 - n7;
    errors[8] = v8 - n8;
    errors[9] = v9 - n9;
    errors[10] = v10 - n10;
    errors[11] = v11 - n11;
    errors[12] = v12 - n12;
    errors[13] = v13 - n13;
    errors[14] = v14 - n14;
    errors[15] = v15 - n15;
    if (!repair(row, to, 16, missing)) slowly(block);
  }
}

/** Blocks whose side is a multiple of 4: four values at a time. */
function roundLarger(row: BlockRow, slowly: SlowWay): void {
  const { source, at, count, factor, isRepeated, firstFlag } = row;
  const { data, rowStride: down, pixelStride: right, scale } = row.prediction;
  const { data: output, rowStride: below, pixelStride: beside } = row.output;
  const top = row.maxSample + 0.5;
  const area = factor * factor;
  const meanScale = scale / area;
  for (let block = 0; block < count; block++) {
    if (isRepeated !== undefined && isRepeated[firstFlag + block] !== 0) continue;
    const from = row.from + factor * block * right;
    const to = row.to + factor * block * beside;
    let total = 0;
    for (let y = 0; y < factor; y++) {
      for (let x = 0, f = from + y * down; x < factor; x += 4, f += 4 * right) {
        total +=
          (data[f] ?? Number.NaN) +
          (data[f + right] ?? Number.NaN) +
          (data[f + 2 * right] ?? Number.NaN) +
          (data[f + 3 * right] ?? Number.NaN);
      }
    }
    const sample = source.data[at + block * source.pixelStride] ?? 0;
    const shift = sample - total * meanScale + 0.5;
    let missing = area * sample;
    let isInside = true;
    let i = 0;
    for (let y = 0; y < factor; y++) {
      let f = from + y * down;
      let t = to + y * below;
      for (let x = 0; x < factor; x += 4) {
        const a = (data[f] ?? 0) * scale + shift;
        const b = (data[f + right] ?? 0) * scale + shift;
        const c = (data[f + 2 * right] ?? 0) * scale + shift;
        const d = (data[f + 3 * right] ?? 0) * scale + shift;
        const areInside =
          a >= 0.5 &&
          b >= 0.5 &&
          c >= 0.5 &&
          d >= 0.5 &&
          a <= top &&
          b <= top &&
          c <= top &&
          d <= top;
        if (!areInside) isInside = false;
        const na = a | 0;
        const nb = b | 0;
        const nc = c | 0;
        const nd = d | 0;
        output[t] = na;
        output[t + beside] = nb;
        output[t + 2 * beside] = nc;
        output[t + 3 * beside] = nd;
        errors[i] = a - na;
        errors[i + 1] = b - nb;
        errors[i + 2] = c - nc;
        errors[i + 3] = d - nd;
        missing -= na + nb + nc + nd;
        i += 4;
        f += 4 * right;
        t += 4 * beside;
      }
    }
    if (!isInside || (missing !== 0 && !repair(row, to, area, missing))) slowly(block);
  }
}

/**
 * Moves the values furthest from their targets by one until nothing is missing.
 * @param to index of the block's first output sample
 * @returns false where several are equally far: the choice between them is made elsewhere
 */
function repair({ output, factor }: BlockRow, to: number, area: number, missing: number): boolean {
  const step = missing > 0 ? 1 : -1;
  for (let left = missing; left !== 0; left -= step) {
    const furthest = step > 0 ? indexOfMost(area) : indexOfLeast(area);
    if (furthest < 0) return false;
    errors[furthest] = (errors[furthest] ?? 0) - step;
    const y = Math.floor(furthest / factor);
    const at = to + y * output.rowStride + (furthest - y * factor) * output.pixelStride;
    output.data[at] = (output.data[at] ?? 0) + step;
  }
  return true;
}

/** Where the largest error is; -1 if there are several. */
function indexOfMost(area: number): number {
  let at = 0;
  let most = errors[0] ?? 0;
  let isTied = false;
  for (let i = 1; i < area; i++) {
    const error = errors[i] ?? 0;
    if (error < most) continue;
    isTied = error === most;
    most = error;
    at = i;
  }
  return isTied ? -1 : at;
}

/** Where the least error is; -1 if there are several. */
function indexOfLeast(area: number): number {
  let at = 0;
  let least = errors[0] ?? 0;
  let isTied = false;
  for (let i = 1; i < area; i++) {
    const error = errors[i] ?? 0;
    if (error > least) continue;
    isTied = error === least;
    least = error;
    at = i;
  }
  return isTied ? -1 : at;
}
