import type { ModelImage } from "../../core/model-image.js";
import { finishedRows, planTiles, tileRect, type TilePlan } from "../../core/plan/tiles.js";
import { bottomOf, rectOfSize, rightOf, type Rect } from "../../core/rect.js";
import type { DetailPredictor } from "./detail-predictor.js";

/** One or three channels of a picture that go through the model together. */
export interface UpscaleLayer {
  /** 1: the model's three planes are averaged (grey, alpha); 3: they are red, green and blue. */
  readonly channels: 1 | 3;
  /** The input pixels under `rect` as the model sees them, edges repeated beyond the border. */
  readonly read: (rect: Rect) => ModelImage;
  readonly predictor: DetailPredictor;
}

/** What to enlarge. */
export interface UpscaleSource {
  readonly width: number;
  readonly height: number;
  /** Their channels follow one another in the result. */
  readonly layers: readonly UpscaleLayer[];
  /** False where the result is not looked at: its details stay 0. */
  readonly isNeeded?: (rect: Rect) => boolean;
  /** Input pixels that are wanted, all by default; tiles are those of the whole picture. */
  readonly window?: Rect;
  /** Input pixels that every tile starts at a multiple of; then tiles overlap by that much. */
  readonly alignment?: number | undefined;
}

/** Input rows whose details are complete. */
export interface FinishedRows {
  readonly start: number;
  readonly count: number;
  /**
   * `count * factor` output rows of `width * factor` pixels (those of the window), channels
   * interleaved, in the model's units: what to add to the repeated input. Valid only during the call.
   */
  readonly details: Float32Array;
}

export interface UpscaleCallbacks {
  readonly pause: () => Promise<void>;
  readonly onTiles: (done: number, total: number) => void;
  readonly onRows: (rows: FinishedRows) => void | Promise<void>;
}

/**
 * Enlarges tile by tile and hands over rows as soon as no later tile touches them; only one row of
 * tiles is in memory. Overlapping tiles blend their *details* with weights that are constant within
 * a block, so that every block still sums to what it did.
 *
 * One tile at a time: on a CPU the decoder's time is proportional to the batch, so that batches
 * would gain nothing and delay a cancel.
 */
export async function upscaleRows(
  source: UpscaleSource,
  { imageSize, factor }: { readonly imageSize: number; readonly factor: number },
  { pause, onTiles, onRows }: UpscaleCallbacks,
): Promise<void> {
  const { alignment } = source;
  const overlap = alignment ?? overlapOf(imageSize / factor);
  const plan = planTiles({ ...source, imageSize, factor, overlap });
  const window = source.window ?? rectOfSize(source.width, source.height);
  const columns = touching(plan.columns.starts, plan.tileSide, window.x, rightOf(window));
  const rows = touching(plan.rows.starts, plan.tileSide, window.y, bottomOf(window));
  const band = new DetailBand(plan, source, window, plan.rows.starts[rows[0] ?? 0] ?? 0);
  const total = columns.length * rows.length;
  let done = 0;
  for (const row of rows) {
    for (const column of columns) {
      await pause();
      await addTile(band, plan, source, column, row);
      onTiles(++done, total);
    }
    const finished = finishedRows(plan, row);
    const start = Math.max(finished.start, window.y);
    const end = Math.min(finished.end, bottomOf(window));
    if (end > start) await onRows({ start, count: end - start, details: band.rows(start, end) });
    band.dropRowsBefore(finished.end);
  }
}

/** Indices of the tiles that have a pixel between `from` and `to` (exclusive). */
function touching(starts: readonly number[], side: number, from: number, to: number): number[] {
  return [...starts.keys()].filter((index) => {
    const start = starts[index] ?? 0;
    return start < to && start + side > from;
  });
}

/** Predicts all layers of one place and blends them into the band. */
async function addTile(
  band: DetailBand,
  plan: TilePlan,
  source: UpscaleSource,
  column: number,
  row: number,
): Promise<void> {
  const rect = tileRect(plan, column, row);
  if (source.isNeeded?.(rect) === false) return;
  const place = row * plan.columns.starts.length + column;
  for (const [layer, { read, predictor }] of source.layers.entries()) {
    const image = read(rect);
    if (isFlat(image)) continue;
    const index = place * source.layers.length + layer;
    band.add(
      { column, row, layer },
      await predictor.predict({ index, image, x: rect.x, y: rect.y }),
    );
  }
}

/** An eighth of a tile: wide enough for a soft blend, cheap enough (a third more tiles). */
function overlapOf(tileSide: number): number {
  return Math.min(Math.ceil(tileSide / 8), Math.ceil(tileSide / 2) - 1);
}

/** One colour has no details; this makes opaque alpha free and keeps it exactly opaque. */
function isFlat({ side, data }: ModelImage): boolean {
  const area = side * side;
  return data.every((value, index) => value === data[index - (index % area)]);
}

/** Where a tile's details go. */
interface LayerPlace {
  readonly column: number;
  readonly row: number;
  readonly layer: number;
}

/** Details of the output rows that are being blended: those of one row of tiles. */
class DetailBand {
  readonly #data: Float32Array;
  readonly #rowLength: number;
  readonly #channels: number;
  readonly #firstChannels: readonly number[];
  /** Input row at which the band starts. */
  #top: number;

  constructor(
    private readonly plan: TilePlan,
    private readonly source: UpscaleSource,
    private readonly window: Rect,
    top: number,
  ) {
    this.#top = top;
    let channels = 0;
    this.#firstChannels = source.layers.map(
      (layer) => (channels += layer.channels) - layer.channels,
    );
    this.#channels = channels;
    this.#rowLength = window.width * plan.factor * channels;
    const rows = Math.min(plan.tileSide, source.height);
    this.#data = new Float32Array(rows * plan.factor * this.#rowLength);
  }

  /** Adds a tile's details by its blend weights; what lies outside the window's columns is dropped. */
  add({ column, row, layer }: LayerPlace, { side, data }: ModelImage): void {
    const { plan, source, window } = this;
    const { factor, tileSide } = plan;
    const left = plan.columns.starts[column] ?? 0;
    const top = plan.rows.starts[row] ?? 0;
    const columnWeights = plan.columns.weights[column] ?? new Float32Array(0);
    const rowWeights = plan.rows.weights[row] ?? new Float32Array(0);
    const first = Math.max(0, window.x - left) * factor;
    const last = Math.min(tileSide, rightOf(window) - left) * factor;
    const height = Math.min(tileSide, source.height - top) * factor;
    const channels = source.layers[layer]?.channels ?? 1;
    const firstChannel = this.#firstChannels[layer] ?? 0;
    const area = side * side;
    for (let y = 0; y < height; y++) {
      const rowWeight = rowWeights[Math.floor(y / factor)] ?? 0;
      let target =
        ((top - this.#top) * factor + y) * this.#rowLength +
        ((left - window.x) * factor + first) * this.#channels +
        firstChannel;
      for (let x = first; x < last; x++, target += this.#channels) {
        const weight = rowWeight * (columnWeights[Math.floor(x / factor)] ?? 0);
        const at = y * side + x;
        const red = data[at] ?? 0;
        const green = data[at + area] ?? 0;
        const blue = data[at + 2 * area] ?? 0;
        if (channels === 1) {
          this.#data[target] = (this.#data[target] ?? 0) + (weight * (red + green + blue)) / 3;
        } else {
          this.#data[target] = (this.#data[target] ?? 0) + weight * red;
          this.#data[target + 1] = (this.#data[target + 1] ?? 0) + weight * green;
          this.#data[target + 2] = (this.#data[target + 2] ?? 0) + weight * blue;
        }
      }
    }
  }

  /** Output rows of the input rows from `start` to `end`. */
  rows(start: number, end: number): Float32Array {
    const length = this.plan.factor * this.#rowLength;
    return this.#data.subarray((start - this.#top) * length, (end - this.#top) * length);
  }

  dropRowsBefore(row: number): void {
    const dropped = (row - this.#top) * this.plan.factor * this.#rowLength;
    this.#data.copyWithin(0, dropped);
    this.#data.fill(0, this.#data.length - dropped);
    this.#top = row;
  }
}
