import { maxSampleOf, type Raster } from "../../../src/core/raster.js";

/** Peak signal-to-noise ratio over all samples in dB; infinite for equal pictures. */
export function psnr(picture: Raster, truth: Raster): number {
  let sum = 0;
  truth.data.forEach((value, i) => (sum += (picture.data[i]! - value) ** 2));
  return 10 * Math.log10(maxSampleOf(truth.depth) ** 2 / (sum / truth.data.length));
}

/**
 * The largest distance of a block's mean from the small picture's sample, in levels; 0 if averaging
 * gives the small picture back exactly.
 */
export function worstBlockError(picture: Raster, source: Raster, factor: number): number {
  const { width, height, channels } = source;
  const sums = new Float64Array(source.data.length);
  const rowLength = picture.width * channels;
  picture.data.forEach((value, at) => {
    const row = Math.floor(at / rowLength / factor);
    const column = Math.floor((at % rowLength) / channels / factor);
    sums[(row * width + column) * channels + (at % channels)]! += value;
  });
  let worst = 0;
  for (let i = 0; i < width * height * channels; i++) {
    worst = Math.max(worst, Math.abs(sums[i]! / factor ** 2 - source.data[i]!));
  }
  return worst;
}

const WINDOW = 11;
const SIGMA = 1.5;

/**
 * Mean structural similarity of luma (Wang, Bovik, Sheikh and Simoncelli 2004, section III.B and C):
 * Gaussian windows of 11 x 11 with a deviation of 1.5, K1 = 0.01, K2 = 0.03, only windows that lie
 * inside. Luma after Rec. 601, not rounded. Sides of at least 11 pixels; 1 for equal pictures.
 */
export function ssim(picture: Raster, truth: Raster): number {
  const { width, height } = truth;
  const peak = maxSampleOf(truth.depth);
  const [c1, c2] = [(0.01 * peak) ** 2, (0.03 * peak) ** 2];
  const [x, y] = [lumaOf(picture), lumaOf(truth)];
  const mean = (of: (i: number) => number) =>
    blur(
      Float64Array.from(x, (_, i) => of(i)),
      width,
      height,
    );
  const meanX = mean((i) => x[i]!);
  const meanY = mean((i) => y[i]!);
  const squareX = mean((i) => x[i]! ** 2);
  const squareY = mean((i) => y[i]! ** 2);
  const product = mean((i) => x[i]! * y[i]!);
  let sum = 0;
  for (let i = 0; i < meanX.length; i++) {
    const [mx, my] = [meanX[i]!, meanY[i]!];
    const variances = squareX[i]! - mx * mx + squareY[i]! - my * my;
    const covariance = product[i]! - mx * my;
    const luminance = (2 * mx * my + c1) / (mx * mx + my * my + c1);
    sum += luminance * ((2 * covariance + c2) / (variances + c2));
  }
  return sum / meanX.length;
}

function lumaOf({ width, height, channels, data }: Raster): Float64Array {
  return Float64Array.from({ length: width * height }, (_, pixel) => {
    const at = pixel * channels;
    if (channels < 3) return data[at]!;
    return 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
  });
}

/** Gaussian means of all windows inside the picture, first across, then down. */
function blur(plane: Float64Array, width: number, height: number): Float64Array {
  const raw = Array.from({ length: WINDOW }, (_, i) =>
    Math.exp(-((i - (WINDOW - 1) / 2) ** 2) / (2 * SIGMA ** 2)),
  );
  const total = raw.reduce((sum, value) => sum + value, 0);
  const weights = raw.map((value) => value / total);
  const [columns, rows] = [width - WINDOW + 1, height - WINDOW + 1];
  const slide = (from: Float64Array, length: number, start: (i: number) => number, step: number) =>
    Float64Array.from({ length }, (_, i) => {
      let sum = 0;
      for (let tap = 0; tap < WINDOW; tap++) sum += weights[tap]! * from[start(i) + tap * step]!;
      return sum;
    });
  const across = slide(
    plane,
    columns * height,
    (i) => Math.floor(i / columns) * width + (i % columns),
    1,
  );
  return slide(across, columns * rows, (i) => i, columns);
}
