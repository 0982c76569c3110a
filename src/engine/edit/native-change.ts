import { compositeEdit, type CompositeResult } from "../../core/edit/composite.js";
import { maskAlphaIn, type Mask } from "../../core/mask/mask.js";
import { modelImageToSamples, type ModelImage } from "../../core/model-image.js";
import type { EditRegion } from "../../core/plan/region.js";
import { colourChannelsOf, createRaster, maxSampleOf, type Raster } from "../../core/raster.js";
import { bottomOf, intersectRects, isEmptyRect, rectOfSize, type Rect } from "../../core/rect.js";
import type { Model } from "../bundle/model.js";
import { faithfulPredictor, type DetailPredictor } from "../upscale/detail-predictor.js";
import { largestFactor } from "../upscale/known-scales.js";
import { upscaleRows, type FinishedRows, type UpscaleSource } from "../upscale/upscale-rows.js";

/** Everything that decides the pixels of an edit once the model has drawn. */
export interface NativeChange {
  readonly original: Raster;
  readonly region: EditRegion;
  /** The region as the model drew it, at its own resolution. */
  readonly generated: ModelImage;
  /** Feathered. */
  readonly mask: Mask;
  /** Side in picture pixels of the blocks that keep their sums, or null. */
  readonly blockSide: number | null;
}

export interface NativeCallbacks {
  readonly pause: () => Promise<void>;
  readonly onTiles: (done: number, total: number) => void;
}

/**
 * Puts what the model drew into the picture: at once where the region is as large as the model's
 * picture; otherwise enlarged by the faithful upscaler, one band of blocks after another, so that
 * memory is bounded by a band.
 */
export async function applyNatively(
  model: Model,
  change: NativeChange,
  callbacks: NativeCallbacks,
): Promise<CompositeResult> {
  if (change.region.factor === 1) {
    return compositeBand(change, change.region.rect, toSamples(change.original, change.generated));
  }
  const passes = passFactors(change.region.factor, largestFactor(model.layout));
  let { generated } = change;
  for (const factor of passes.slice(0, -1)) {
    generated = await enlargeWhole(model, generated, factor, callbacks);
  }
  return enlargeIntoBands(model, { ...change, generated }, passes.at(-1) ?? 1, callbacks);
}

/** Splits a power of two into factors that the model can enlarge by in one pass, small ones first. */
export function passFactors(factor: number, largest: number): number[] {
  const passes: number[] = [];
  for (let left = factor; left > 1; left /= Math.min(left, largest)) {
    passes.unshift(Math.min(left, largest));
  }
  return passes;
}

async function enlargeWhole(
  model: Model,
  image: ModelImage,
  factor: number,
  callbacks: NativeCallbacks,
): Promise<ModelImage> {
  const side = image.side * factor;
  const data = new Float32Array(3 * side * side);
  const { imageSize } = model.layout;
  const source = sourceOf(image, faithfulPredictor(model, factor));
  await upscaleRows(
    source,
    { imageSize, factor },
    {
      ...callbacks,
      onRows: (rows) => {
        forEachEnlarged(image, factor, rows, (pixel, channel, value) => {
          data[channel * side * side + pixel] = value;
        });
      },
    },
  );
  return { side, data };
}

async function enlargeIntoBands(
  model: Model,
  change: NativeChange,
  factor: number,
  callbacks: NativeCallbacks,
): Promise<CompositeResult> {
  const { region, generated, original } = change;
  const picture = rectOfSize(original.width, original.height);
  const { imageSize } = model.layout;
  const source = {
    ...sourceOf(generated, faithfulPredictor(model, factor)),
    isNeeded: (rect: Rect) => isMasked(change, rect, factor),
  };
  const bands = new BandCollector(change, factor, blockRows(model, generated.side));
  const rect = intersectRects(region.rect, picture);
  const patch = createRaster(rect.width, rect.height, original.channels, original.depth);
  let changedPixels = 0;
  await upscaleRows(
    source,
    { imageSize, factor },
    {
      ...callbacks,
      onRows: (rows) => {
        for (const band of bands.add(rows)) {
          if (isEmptyRect(intersectRects(band.rect, picture))) continue;
          const result = compositeBand(change, band.rect, band.samples);
          changedPixels += result.changedPixels;
          patch.data.set(
            result.patch.data,
            (result.rect.y - rect.y) * rect.width * original.channels,
          );
        }
      },
    },
  );
  return { rect, patch, changedPixels };
}

/** Rows of the generated picture whose bands hold whole blocks whatever is frozen. */
function blockRows(model: Model, side: number): number {
  const { levels, imageSize } = model.layout;
  return (2 ** levels * side) / imageSize;
}

function compositeBand(change: NativeChange, rect: Rect, samples: Float32Array): CompositeResult {
  return compositeEdit({
    original: change.original,
    region: rect,
    generated: samples,
    alpha: maskAlphaIn(change.mask, rect),
    blockSide: change.blockSide,
  });
}

function toSamples({ channels, depth }: Raster, image: ModelImage): Float32Array {
  return modelImageToSamples(image, colourChannelsOf(channels), maxSampleOf(depth));
}

/** Only tiles with a masked pixel are worth the decoder's time. */
function isMasked({ mask, region }: NativeChange, tile: Rect, factor: number): boolean {
  const scaled = {
    x: region.rect.x + tile.x * factor,
    y: region.rect.y + tile.y * factor,
    width: tile.width * factor,
    height: tile.height * factor,
  };
  return maskAlphaIn(mask, scaled).some((alpha) => alpha > 0);
}

function sourceOf(image: ModelImage, predictor: DetailPredictor): UpscaleSource {
  const { side } = image;
  const read = (rect: Rect) => cropModelImage(image, rect);
  return { width: side, height: side, layers: [{ channels: 3, read, predictor }] };
}

/** A square part of a model picture, edges repeated beyond its border. */
function cropModelImage({ side, data }: ModelImage, rect: Rect): ModelImage {
  const cropped = new Float32Array(3 * rect.width * rect.width);
  let at = 0;
  for (let plane = 0; plane < 3; plane++) {
    for (let y = 0; y < rect.width; y++) {
      const row = (plane * side + Math.min(side - 1, rect.y + y)) * side;
      for (let x = 0; x < rect.width; x++) {
        cropped[at++] = data[row + Math.min(side - 1, rect.x + x)] ?? 0;
      }
    }
  }
  return { side: rect.width, data: cropped };
}

/** Calls back with every sample of finished rows: repeated input plus details, in model units. */
function forEachEnlarged(
  { side, data }: ModelImage,
  factor: number,
  { start, count, details }: FinishedRows,
  visit: (pixel: number, channel: number, value: number) => void,
): void {
  const width = side * factor;
  for (let y = 0; y < count * factor; y++) {
    const inputRow = (start + Math.floor(y / factor)) * side;
    const row = start * factor + y;
    for (let x = 0; x < width; x++) {
      const input = inputRow + Math.floor(x / factor);
      for (let channel = 0; channel < 3; channel++) {
        const detail = details[(y * width + x) * 3 + channel] ?? 0;
        visit(row * width + x, channel, (data[channel * side * side + input] ?? 0) + detail);
      }
    }
  }
}

/** A band of the region in the raster's units. */
interface Band {
  readonly rect: Rect;
  readonly samples: Float32Array;
}

/** Gathers finished rows into bands of whole blocks. */
class BandCollector {
  readonly #samples: Float32Array;
  readonly #colours: 1 | 3;
  readonly #width: number;
  #filled = 0;

  constructor(
    private readonly change: NativeChange,
    private readonly factor: number,
    private readonly bandRows: number,
  ) {
    this.#colours = colourChannelsOf(change.original.channels);
    this.#width = change.generated.side * factor;
    this.#samples = new Float32Array(this.#width * bandRows * factor * this.#colours);
  }

  /** Takes rows in order and gives the bands that are complete with them; each only until the next. */
  *add(rows: FinishedRows): Generator<Band> {
    const rowLength = this.#width * this.factor * 3;
    for (let row = 0; row < rows.count; row++) {
      const single = {
        start: rows.start + row,
        count: 1,
        details: rows.details.subarray(row * rowLength, (row + 1) * rowLength),
      };
      this.#write(single);
      this.#filled++;
      if (this.#filled < this.bandRows) continue;
      this.#filled = 0;
      yield { rect: this.#rectEndingAt(single.start + 1), samples: this.#samples };
    }
  }

  #write(row: FinishedRows): void {
    const { generated, original } = this.change;
    const half = maxSampleOf(original.depth) / 2;
    const shift = (row.start - this.#filled) * this.factor * this.#width;
    if (this.#colours === 1) {
      this.#samples.fill(
        0,
        this.#filled * this.factor * this.#width,
        (this.#filled + 1) * this.factor * this.#width,
      );
    }
    forEachEnlarged(generated, this.factor, row, (pixel, channel, value) => {
      const sample = (value + 1) * half;
      const at = pixel - shift;
      if (this.#colours === 3) this.#samples[at * 3 + channel] = sample;
      else this.#samples[at] = (this.#samples[at] ?? 0) + sample / 3;
    });
  }

  #rectEndingAt(row: number): Rect {
    const { rect } = this.change.region;
    const height = this.bandRows * this.factor;
    const y = rect.y + row * this.factor - height;
    if (y + height > bottomOf(rect)) throw new RangeError("a band reaches beyond its region");
    return { x: rect.x, y, width: rect.width, height };
  }
}
