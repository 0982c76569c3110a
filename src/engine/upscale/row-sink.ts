import {
  createRaster,
  type BitDepth,
  type ChannelCount,
  type Raster,
  type Samples,
} from "../../core/raster.js";
import { bottomOf, rectOfSize, type Rect } from "../../core/rect.js";
import { AreaReducer, type ReducedAxis } from "../../core/rounding/area-reducer.js";
import { toScreenPixels, type ScreenPixels } from "../../core/screen-pixels.js";

/** Size and kind of a picture whose rows come one after another. */
export interface RowFormat {
  readonly width: number;
  readonly height: number;
  readonly channels: ChannelCount;
  readonly depth: BitDepth;
}

/** Takes the rows of a picture from top to bottom, so that nobody needs to hold all of it. */
export interface RowSink {
  /**
   * @param rows `count * width * channels` interleaved samples, which the caller overwrites once the
   * promise is kept
   */
  write(rows: Samples, count: number): Promise<void>;
}

/** Holds the picture in memory after all. */
export class RasterSink implements RowSink {
  readonly raster: Raster;
  #filled = 0;

  constructor({ width, height, channels, depth }: RowFormat) {
    this.raster = createRaster(width, height, channels, depth);
  }

  async write(rows: Samples): Promise<void> {
    this.raster.data.set(rows, this.#filled);
    this.#filled += rows.length;
  }
}

/** Reduces what it gets by exact areas and hands that on. */
export class ReducingSink implements RowSink {
  readonly #reducer: AreaReducer;

  constructor(
    columns: ReducedAxis,
    rows: ReducedAxis,
    { channels, depth }: Pick<RowFormat, "channels" | "depth">,
    private readonly next: RowSink,
  ) {
    this.#reducer = new AreaReducer(columns, rows, channels, depth);
  }

  async write(rows: Samples, count: number): Promise<void> {
    const finished: Samples[] = [];
    const length = rows.length / count;
    for (let row = 0; row < count; row++) {
      const input = rows.subarray(row * length, (row + 1) * length);
      this.#reducer.add(input, (output) => finished.push(output));
    }
    for (const output of finished) await this.next.write(output, 1);
  }
}

/** Hands on a part of what it gets. */
export class CroppingSink implements RowSink {
  #row = 0;

  constructor(
    private readonly part: Rect,
    private readonly format: Pick<RowFormat, "channels">,
    private readonly next: RowSink,
  ) {}

  async write(rows: Samples, count: number): Promise<void> {
    const { channels } = this.format;
    const { x, y, width } = this.part;
    const length = rows.length / count;
    for (let row = 0; row < count; row++, this.#row++) {
      if (this.#row < y || this.#row >= bottomOf(this.part)) continue;
      const first = row * length + x * channels;
      await this.next.write(rows.subarray(first, first + width * channels), 1);
    }
  }
}

/** Makes the small picture that a screen shows of a large one. */
export class ScreenSink implements RowSink {
  readonly #factor: number;
  readonly #pixels: ScreenPixels;
  /** As many rows as one row of the small picture is made of. */
  readonly #band: Raster;
  #filled = 0;
  #row = 0;

  /** @param longestSide of the small picture */
  constructor(
    private readonly format: RowFormat,
    longestSide: number,
  ) {
    const { width, height, channels, depth } = format;
    this.#factor = Math.max(1, Math.ceil(Math.max(width, height) / longestSide));
    const size = {
      width: Math.ceil(width / this.#factor),
      height: Math.ceil(height / this.#factor),
    };
    this.#pixels = { ...size, rgba: new Uint8Array(size.width * size.height * 4) };
    this.#band = createRaster(width, this.#factor, channels, depth);
  }

  async write(rows: Samples, count: number): Promise<void> {
    const length = rows.length / count;
    for (let row = 0; row < count; row++) {
      this.#band.data.set(rows.subarray(row * length, (row + 1) * length), this.#filled * length);
      this.#filled++;
      const isLast = this.#row * this.#factor + this.#filled === this.format.height;
      if (this.#filled === this.#factor || isLast) this.#finishRow();
    }
  }

  /** The small picture; whole once all rows were written. */
  get pixels(): ScreenPixels {
    return this.#pixels;
  }

  #finishRow(): void {
    const rect = rectOfSize(this.format.width, this.#filled);
    const { rgba } = toScreenPixels(this.#band, rect, this.#factor);
    this.#pixels.rgba.set(rgba, this.#row * this.#pixels.width * 4);
    this.#row++;
    this.#filled = 0;
  }
}

/** Hands every row to all of them. */
export function teeSink(...sinks: readonly RowSink[]): RowSink {
  return {
    async write(rows, count) {
      for (const sink of sinks) await sink.write(rows, count);
    },
  };
}
