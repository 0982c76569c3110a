import { toErrorData } from "../../core/errors.js";
import { maxSampleOf, type Raster } from "../../core/raster.js";
import {
  bottomOf,
  inflateRect,
  intersectRects,
  rectOfSize,
  rightOf,
  type Rect,
} from "../../core/rect.js";
import type { PredictionView } from "../../core/rounding/views.js";
import type { EnlargingNetwork, Planes } from "../bundle/enlarger.js";
import { flatPixels, type ChannelRange } from "./flat-pixels.js";
import { PIXELS_A_STEP, type Strip } from "./strip.js";
import type { TileSizer } from "./tile-sizer.js";

/** Details that are mixed into what the network predicts. */
export interface MixedDetails {
  /** 0..1: their share; the network has the rest. */
  readonly share: number;
  /** Where they lie, in model units, with the output pixel of input pixel (`x`, `y`) at `offset`. */
  readonly view: Omit<PredictionView, "scale">;
  readonly x: number;
  readonly y: number;
}

export interface NetworkCallbacks {
  readonly pause: () => Promise<void>;
  /** Milliseconds that never go back. */
  readonly clock: () => number;
  /** Called after each tile with its input pixels. */
  readonly onPixels: (count: number) => void;
}

/** Sides below which a tile is not split again when memory is short. */
const LEAST_SPLIT = 16;

/**
 * Enlarges rectangles of a picture by a convolutional network, tile by tile. A tile is read with the
 * network's halo around it, but never beyond the picture, where the network's own zeros follow: so
 * every pixel is computed from the same numbers as in one run over the whole picture, and there is no
 * seam because there is no difference.
 */
export class NetworkTiles {
  constructor(
    private readonly raster: Raster,
    private readonly enlarger: EnlargingNetwork,
    private readonly sizer: TileSizer,
    private readonly callbacks: NetworkCallbacks,
  ) {}

  /** Fills the strip's rectangle `rect` for some channels, 1 or 3; `details` only ever for colours. */
  async fill(rect: Rect, channels: ChannelRange, strip: Strip, details?: MixedDetails) {
    for (let x = rect.x; x < rightOf(rect);) {
      const width = this.sizer.columns(rightOf(rect) - x, rect.height);
      await this.#tile({ ...rect, x, width }, channels, strip, details);
      x += width;
    }
  }

  async #tile(
    inner: Rect,
    channels: ChannelRange,
    strip: Strip,
    details: MixedDetails | undefined,
  ): Promise<void> {
    await this.enlarger.ready();
    await this.callbacks.pause();
    const flat = flatPixels(this.raster, inner, channels);
    const outer = this.#outer(inner);
    let planes: Planes | null = null;
    try {
      const isWanted = flat.includes(0) && details?.share !== 1;
      if (isWanted) planes = await this.#run(outer, channels);
    } catch (error) {
      const halves = isMemoryFailure(error) ? split(inner) : null;
      if (halves === null) throw error;
      this.sizer.shrink(outer.width * outer.height);
      for (const half of halves) await this.#tile(half, channels, strip, details);
      return;
    }
    if (details === undefined) {
      const view = planes === null ? NO_PREDICTION : this.#viewOf(planes, inner, outer);
      await this.#round(inner, channels, strip, view, flat);
    } else {
      const mixed = this.#mix(planes, flat, inner, outer, channels.count, details);
      await this.#round(inner, channels, strip, mixed);
    }
    this.callbacks.onPixels(inner.width * inner.height);
  }

  /** Some rows at a time: at a factor of 8 a tile's rounding takes as long as the network. */
  async #round(
    inner: Rect,
    channels: ChannelRange,
    strip: Strip,
    view: Omit<PredictionView, "scale">,
    flat?: Uint8Array,
  ): Promise<void> {
    const { factor } = this.enlarger.network;
    const rows = Math.max(1, Math.floor(PIXELS_A_STEP / (inner.width * factor ** 2)));
    for (let row = 0; row < inner.height; row += rows) {
      await this.callbacks.pause();
      const part = { ...inner, y: inner.y + row, height: Math.min(rows, inner.height - row) };
      const offset = view.offset + row * factor * view.rowStride;
      strip.round(part, channels, { ...view, offset }, flat?.subarray(row * inner.width));
    }
  }

  #outer(inner: Rect): Rect {
    const { width, height } = this.raster;
    return intersectRects(
      inflateRect(inner, this.enlarger.network.halo),
      rectOfSize(width, height),
    );
  }

  async #run(outer: Rect, channels: ChannelRange): Promise<Planes> {
    const { width, height } = outer;
    const start = this.callbacks.clock();
    const data = readPlanes(this.raster, outer, channels);
    let paused = 0;
    const planes = await this.enlarger.run({ width, height, data }, async () => {
      const from = this.callbacks.clock();
      await this.callbacks.pause();
      paused += this.callbacks.clock() - from;
    });
    const taken = this.callbacks.clock() - start - paused;
    this.enlarger.pace.note(width * height * this.enlarger.views, taken);
    if (channels.count === 1) averagePlanes(planes);
    return planes;
  }

  #viewOf(planes: Planes, inner: Rect, outer: Rect): Omit<PredictionView, "scale"> {
    const { factor } = this.enlarger.network;
    return {
      data: planes.data,
      offset: ((inner.y - outer.y) * planes.width + inner.x - outer.x) * factor,
      rowStride: planes.width,
      pixelStride: 1,
      channelStride: planes.width * planes.height,
    };
  }

  /** Both predictions by their shares, as planes of the inner rectangle. */
  #mix(
    planes: Planes | null,
    flat: Uint8Array,
    inner: Rect,
    outer: Rect,
    channels: number,
    { share, view, x, y }: MixedDetails,
  ): Omit<PredictionView, "scale"> {
    const { factor } = this.enlarger.network;
    const width = inner.width * factor;
    const area = width * inner.height * factor;
    const mixed = new Float32Array(area * channels);
    const network = planes === null ? null : this.#viewOf(planes, inner, outer);
    const first =
      view.offset +
      (inner.y - y) * factor * view.rowStride +
      (inner.x - x) * factor * view.pixelStride;
    for (let channel = 0; channel < channels; channel++) {
      for (let pixel = 0; pixel < area; pixel++) {
        const column = pixel % width;
        const row = (pixel - column) / width;
        const at = first + row * view.rowStride + column * view.pixelStride;
        const drawn = view.data[at + channel * view.channelStride] ?? Number.NaN;
        const source = Math.floor(row / factor) * inner.width + Math.floor(column / factor);
        const plain =
          network === null || flat[source] === 1
            ? 0
            : (network.data[
                network.offset + row * network.rowStride + column + channel * network.channelStride
              ] ?? Number.NaN);
        mixed[channel * area + pixel] = (1 - share) * plain + share * drawn;
      }
    }
    return { data: mixed, offset: 0, rowStride: width, pixelStride: 1, channelStride: area };
  }
}

/** For a rectangle where every pixel is repeated: never read. */
const NO_PREDICTION: Omit<PredictionView, "scale"> = {
  data: new Float32Array(0),
  offset: 0,
  rowStride: 0,
  pixelStride: 0,
  channelStride: 0,
};

/** Samples from [0, max] to [-1, 1] as three planes; a single channel is repeated over them. */
function readPlanes(raster: Raster, rect: Rect, { first, count }: ChannelRange): Float32Array {
  const { width, channels, depth, data } = raster;
  const area = rect.width * rect.height;
  const planes = new Float32Array(3 * area);
  const scale = 2 / maxSampleOf(depth);
  for (let channel = 0; channel < count; channel++) {
    let to = channel * area;
    for (let y = rect.y; y < bottomOf(rect); y++) {
      let from = (y * width + rect.x) * channels + first + channel;
      for (let x = 0; x < rect.width; x++, from += channels) {
        planes[to++] = (data[from] ?? 0) * scale - 1;
      }
    }
  }
  if (count === 1) {
    planes.copyWithin(area, 0, area);
    planes.copyWithin(2 * area, 0, area);
  }
  return planes;
}

/** Three predictions of one grey picture: their mean takes the place of the first. */
function averagePlanes({ width, height, data }: Planes): void {
  const area = width * height;
  for (let i = 0; i < area; i++) {
    data[i] = ((data[i] ?? 0) + (data[area + i] ?? 0) + (data[2 * area + i] ?? 0)) / 3;
  }
}

/** Two halves across the longer side, or null where a tile is as small as it gets. */
function split(rect: Rect): readonly [Rect, Rect] | null {
  const { x, y, width, height } = rect;
  if (Math.max(width, height) <= LEAST_SPLIT) return null;
  if (width >= height) {
    const half = Math.ceil(width / 2);
    return [
      { ...rect, width: half },
      { ...rect, x: x + half, width: width - half },
    ];
  }
  const half = Math.ceil(height / 2);
  return [
    { ...rect, height: half },
    { ...rect, y: y + half, height: height - half },
  ];
}

/** Too little memory, in the runtime's words or in those of the language. */
function isMemoryFailure(error: unknown): boolean {
  return toErrorData(error).code === "OUT_OF_MEMORY";
}
