import { compositeSteps, type CompositeResult } from "../../core/edit/composite.js";
import { textureSteps, type PlacedTexture } from "../../core/edit/texture-detail.js";
import { maskAlphaIn, type Mask } from "../../core/mask/mask.js";
import { modelImageToSamples, type ModelImage } from "../../core/model-image.js";
import type { EditRegion } from "../../core/plan/region.js";
import {
  colourChannelsOf,
  createRaster,
  cropRaster,
  maxSampleOf,
  type Raster,
  type Samples,
} from "../../core/raster.js";
import {
  bottomOf,
  intersectRects,
  isEmptyRect,
  rectOfSize,
  rightOf,
  type Rect,
} from "../../core/rect.js";
import type { Steps } from "../../core/steps.js";
import { predictsDetails } from "../bundle/abilities.js";
import { inSteps, pause, type JobContext } from "../jobs/job-context.js";
import type { LoadedModel } from "../jobs/prompts.js";
import { runUpscale, windowServices } from "../jobs/run-upscale.js";
import { chooseMethod, type UpscaleRequest } from "../upscale/choose-method.js";
import { largestFactor, largestSmoothFactor } from "../upscale/known-scales.js";
import type { RowSink } from "../upscale/row-sink.js";
import { upscaleWindow } from "../upscale/upscale-window.js";

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
  /** Texture of the surroundings, to put in where the picture is enlarged. */
  readonly texture?: PlacedTexture | undefined;
}

/** The largest factor of one pass of the upscaler. */
const LARGEST_PASS = 8;

/**
 * Puts what the model drew into the picture: at once where the region is as large as the model's
 * picture; otherwise the masked part is enlarged by the faithful upscaler, one band of blocks after
 * another, so that memory is bounded by a band.
 */
export async function applyNatively(
  loaded: LoadedModel,
  change: NativeChange,
  context: JobContext,
): Promise<CompositeResult> {
  const { region, original, generated } = change;
  if (region.factor === 1) {
    const colours = colourChannelsOf(original.channels);
    const samples = modelImageToSamples(generated, colours, maxSampleOf(original.depth));
    return inSteps(bandSteps(change, region.rect, samples), context);
  }
  const { layout, manifest } = loaded.model;
  const largest = predictsDetails(manifest) ? largestFactor(layout) : largestSmoothFactor(layout);
  const passes = passFactors(region.factor, Math.min(LARGEST_PASS, largest));
  // Sixteen bits lose nothing that a picture of sixteen bits could show.
  let raster = drawnRaster(generated);
  for (const factor of passes.slice(0, -1)) {
    raster = await runUpscale(loaded, raster, faithful(factor), context);
  }
  const factor = passes.at(-1) ?? 1;
  const blocks = (2 ** layout.levels * raster.width) / layout.imageSize;
  const window = maskedWindow(change, factor, blocks, raster.width);
  const bands = new BandSink(change, { window, factor, rows: blocks }, context);
  const method = await chooseMethod(loaded, faithful(factor), factor, context, original.depth);
  const total = window.width * window.height;
  await upscaleWindow({ raster, window }, method, bands, {
    ...windowServices(context),
    pause: () => pause(context),
    onDone: (done) => context.onProgress({ stage: "upscaling", scale: null, done, total }),
  });
  return bands.result();
}

/** Splits a power of two into factors that the model can enlarge by in one pass, small ones first. */
export function passFactors(factor: number, largest: number): number[] {
  const passes: number[] = [];
  for (let left = factor; left > 1; left /= Math.min(left, largest)) {
    passes.unshift(Math.min(left, largest));
  }
  return passes;
}

function faithful(factor: number): UpscaleRequest {
  if (factor !== 2 && factor !== 4 && factor !== 8) throw new RangeError("no factor of a pass");
  return { factor, creativity: 0, prompt: "", seed: 0, guidance: 1, mayBeSmooth: true };
}

function drawnRaster(image: ModelImage): Raster {
  const samples = modelImageToSamples(image, 3, maxSampleOf(16));
  const max = maxSampleOf(16);
  const rounded = samples.map((value) => Math.round(Math.max(0, Math.min(max, value))));
  return createRaster(image.side, image.side, 3, 16, new Uint16Array(rounded));
}

/** The masked pixels in those of the last pass's input, grown to whole blocks. */
function maskedWindow(
  { mask, region, original }: NativeChange,
  factor: number,
  blocks: number,
  side: number,
): Rect {
  const picture = rectOfSize(original.width, original.height);
  const wanted = intersectRects(mask.rect, intersectRects(region.rect, picture));
  const step = blocks * factor;
  const from = (start: number, origin: number) => Math.floor((start - origin) / step) * blocks;
  const to = (end: number, origin: number) =>
    Math.min(side, Math.ceil((end - origin) / step) * blocks);
  const x = from(wanted.x, region.rect.x);
  const y = from(wanted.y, region.rect.y);
  return {
    x,
    y,
    width: to(rightOf(wanted), region.rect.x) - x,
    height: to(bottomOf(wanted), region.rect.y) - y,
  };
}

function bandSteps(
  change: NativeChange,
  rect: Rect,
  samples: Float32Array,
): Steps<CompositeResult> {
  return compositeSteps({
    original: change.original,
    region: rect,
    generated: samples,
    alpha: maskAlphaIn(change.mask, rect),
    blockSide: change.blockSide,
  });
}

interface BandPlan {
  /** Enlarged part, in pixels of the last pass's input. */
  readonly window: Rect;
  readonly factor: number;
  /** Input rows of a band, which hold whole blocks whatever is frozen. */
  readonly rows: number;
}

/** Takes enlarged rows, 16-bit RGB, and puts them into the picture band by band. */
class BandSink implements RowSink {
  readonly #samples: Float32Array;
  readonly #colours: 1 | 3;
  readonly #width: number;
  readonly #height: number;
  readonly #rect: Rect;
  readonly #patch: Raster;
  #filledRows = 0;
  #y: number;
  #changedPixels = 0;

  constructor(
    private readonly change: NativeChange,
    private readonly plan: BandPlan,
    private readonly context: JobContext,
  ) {
    const { original, region } = change;
    this.#colours = colourChannelsOf(original.channels);
    this.#width = plan.window.width * plan.factor;
    this.#height = plan.rows * plan.factor;
    this.#samples = new Float32Array(this.#width * this.#height * this.#colours);
    this.#rect = intersectRects(region.rect, rectOfSize(original.width, original.height));
    const before = cropRaster(original, this.#rect);
    this.#patch = { ...before, data: before.data.slice() };
    this.#y = region.rect.y + plan.window.y * plan.factor;
  }

  async write(rows: Samples, count: number): Promise<void> {
    const length = this.#width * 3;
    for (let row = 0; row < count; row++) {
      this.#addRow(rows.subarray(row * length, (row + 1) * length));
      if (++this.#filledRows === this.#height) await this.#finishBand();
    }
  }

  result(): CompositeResult {
    return { rect: this.#rect, patch: this.#patch, changedPixels: this.#changedPixels };
  }

  #addRow(row: Samples): void {
    const scale = maxSampleOf(this.change.original.depth) / maxSampleOf(16);
    const first = this.#filledRows * this.#width * this.#colours;
    for (let x = 0; x < this.#width; x++) {
      const red = (row[3 * x] ?? 0) * scale;
      const green = (row[3 * x + 1] ?? 0) * scale;
      const blue = (row[3 * x + 2] ?? 0) * scale;
      if (this.#colours === 1) {
        this.#samples[first + x] = (red + green + blue) / 3;
      } else {
        this.#samples[first + 3 * x] = red;
        this.#samples[first + 3 * x + 1] = green;
        this.#samples[first + 3 * x + 2] = blue;
      }
    }
  }

  async #finishBand(): Promise<void> {
    const { original, region } = this.change;
    const x = region.rect.x + this.plan.window.x * this.plan.factor;
    const band = { x, y: this.#y, width: this.#width, height: this.#height };
    this.#filledRows = 0;
    this.#y += this.#height;
    if (isEmptyRect(intersectRects(band, this.#rect))) return;
    const { texture } = this.change;
    if (texture) await inSteps(textureSteps(this.#samples, band, original, texture), this.context);
    const composite = bandSteps(this.change, band, this.#samples);
    const { rect, patch, changedPixels } = await inSteps(composite, this.context);
    this.#changedPixels += changedPixels;
    const { channels } = original;
    for (let row = 0; row < rect.height; row++) {
      const from = row * rect.width * channels;
      const to =
        ((rect.y - this.#rect.y + row) * this.#rect.width + rect.x - this.#rect.x) * channels;
      this.#patch.data.set(patch.data.subarray(from, from + rect.width * channels), to);
    }
  }
}
