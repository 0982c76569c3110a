import { readModelChannel, readModelImage } from "../../core/model-image.js";
import { colourChannelsOf, hasAlphaChannel, type Raster } from "../../core/raster.js";
import { bottomOf, rightOf, type Rect } from "../../core/rect.js";
import type { EnlargingNetwork } from "../bundle/enlarger.js";
import type { DetailPredictor } from "./detail-predictor.js";
import { flatPixels, type ChannelRange } from "./flat-pixels.js";
import { NetworkTiles, type NetworkCallbacks } from "./network-tiles.js";
import type { RowSink } from "./row-sink.js";
import { PIXELS_A_STEP, Strip } from "./strip.js";
import { TileSizer } from "./tile-sizer.js";
import { upscaleRows, type FinishedRows, type UpscaleLayer } from "./upscale-rows.js";

/** What predicts a picture's details. */
export interface UpscaleMethod {
  readonly factor: number;
  /** Side of the predictors' pictures. */
  readonly imageSize: number;
  /** Input pixels that the predictors' tiles start at a multiple of. */
  readonly alignment: number | undefined;
  /** A convolutional network, which then gives all that is faithful; null to do without. */
  readonly enlarger: EnlargingNetwork | null;
  /** Tile by tile: all colours without an enlarger; with one, what is drawn, or null for nothing. */
  readonly colour: DetailPredictor | null;
  /** The share of `colour` where there is an enlarger, too. */
  readonly share: number;
  /** Alpha without an enlarger; an invented alpha would punch holes, so it is always faithful. */
  readonly alpha: DetailPredictor | null;
}

type Corner = Pick<Rect, "x" | "y">;

/** What to enlarge. */
export interface UpscaleWindow {
  readonly raster: Raster;
  /** Input pixels that are wanted: the whole picture, or a part of it for a preview. */
  readonly window: Rect;
  /**
   * Input pixel at which the predictors' tiles begin, which then end with the window; without it they
   * are those of the whole picture.
   */
  readonly tilesFrom?: Corner | undefined;
}

export interface WindowCallbacks extends Omit<NetworkCallbacks, "onPixels"> {
  /** Called with how many of the window's pixels are done, as a fraction, too. */
  readonly onDone: (pixels: number) => void;
  /** Bytes of memory that are free. */
  readonly freeBytes: number;
}

/**
 * Enlarges a part of a picture of any size, depth and channels, row by row, so that averaging each
 * block of the result gives the picture back exactly; alpha takes the same road as grey. A part comes
 * out as it would in the whole (where tokens are drawn, but for what neighbouring tiles drew before).
 */
export async function upscaleWindow(
  { raster, window, tilesFrom }: UpscaleWindow,
  method: UpscaleMethod,
  sink: RowSink,
  callbacks: WindowCallbacks,
): Promise<void> {
  const strip = new Strip(raster, method.factor);
  const job = { raster, window, tilesFrom, method, strip, sink, callbacks };
  const network = method.enlarger === null ? null : networkOf(job, method.enlarger);
  if (network !== null && method.colour === null) await fillStrips(job, network);
  else await fillTileRows(job, network);
}

interface WindowJob extends UpscaleWindow {
  readonly method: UpscaleMethod;
  readonly strip: Strip;
  readonly sink: RowSink;
  readonly callbacks: WindowCallbacks;
}

interface Network {
  readonly tiles: NetworkTiles;
  readonly sizer: TileSizer;
}

function networkOf(job: WindowJob, enlarger: EnlargingNetwork): Network {
  const { raster, window, callbacks, method } = job;
  const sizer = new TileSizer({
    halo: enlarger.network.halo,
    freeBytes: callbacks.freeBytes,
    rowBytes: window.width * method.factor ** 2 * raster.channels * (raster.depth / 8),
    pace: enlarger.pace,
  });
  // Drawing takes nearly all of the time where there is any: then its tiles are what is counted.
  const isCounted = method.colour === null;
  const layers = layersOf(raster).length;
  let done = 0;
  const tiles = new NetworkTiles(raster, enlarger, sizer, {
    ...callbacks,
    onPixels: (count) => {
      done += count / layers;
      if (isCounted) callbacks.onDone(Math.min(done, window.width * window.height));
    },
  });
  return { tiles, sizer };
}

/** Hands on the strip in parts, since what takes it may compute for a while. */
async function writeStrip({ strip, sink, callbacks }: WindowJob): Promise<void> {
  const { samples, count } = strip;
  const length = samples.length / count;
  const rows = Math.max(1, Math.floor(PIXELS_A_STEP / length));
  for (let row = 0; row < count; row += rows) {
    const end = Math.min(count, row + rows);
    await callbacks.pause();
    await sink.write(samples.subarray(row * length, end * length), end - row);
  }
}

/** The network alone: strips as high as its tiles. */
async function fillStrips(job: WindowJob, { tiles, sizer }: Network): Promise<void> {
  const { raster, window, strip } = job;
  for (let y = window.y; y < bottomOf(window);) {
    const rect = { ...window, y, height: sizer.rows(bottomOf(window) - y) };
    strip.begin(rect);
    for (const channels of layersOf(raster)) await tiles.fill(rect, channels, strip);
    await writeStrip(job);
    y += rect.height;
  }
}

/** Overlapping tiles of the model, whose rows are finished one after another. */
async function fillTileRows(job: WindowJob, network: Network | null): Promise<void> {
  const { raster, window, method, strip, callbacks } = job;
  const { factor, imageSize, alignment } = method;
  const { tilesFrom } = job;
  const { x, y } = tilesFrom ?? { x: 0, y: 0 };
  await upscaleRows(
    {
      // A tile that begins with the window has no other one beside it that it would have to go over into.
      width: (tilesFrom ? rightOf(window) : raster.width) - x,
      height: (tilesFrom ? bottomOf(window) : raster.height) - y,
      window: { ...window, x: window.x - x, y: window.y - y },
      alignment,
      layers: tileLayers(raster, method, { x, y }),
    },
    { imageSize, factor },
    {
      pause: callbacks.pause,
      onTiles: (done, total) => callbacks.onDone((window.width * window.height * done) / total),
      onRows: async (rows) => {
        const rect = { ...window, y: y + rows.start, height: rows.count };
        strip.begin(rect);
        if (network === null) await roundDetails(job, rect, rows);
        else await mixDetails(job, network, rect, rows);
        await writeStrip(job);
      },
    },
  );
}

/** The details are all there is. */
async function roundDetails(job: WindowJob, rect: Rect, rows: FinishedRows): Promise<void> {
  const { raster, method, strip, callbacks } = job;
  const isFaithful = method.share === 0;
  const width = Math.max(1, Math.floor(PIXELS_A_STEP / (rect.height * method.factor ** 2)));
  for (const channels of layersOf(raster)) {
    const isAlpha = channels.first > 0;
    const view = detailsView(rows, rect, method, raster.channels, channels);
    for (let left = 0; left < rect.width; left += width) {
      await callbacks.pause();
      const part = { ...rect, x: rect.x + left, width: Math.min(width, rect.width - left) };
      const flat = isFaithful || isAlpha ? flatPixels(raster, part, channels) : undefined;
      const offset = view.offset + left * method.factor * view.pixelStride;
      strip.round(part, channels, { ...view, offset }, flat);
    }
  }
}

/** The details are mixed into what the network gives; alpha is the network's alone. */
async function mixDetails(
  { raster, method, strip }: WindowJob,
  { tiles }: Network,
  rect: Rect,
  rows: FinishedRows,
): Promise<void> {
  const [colours, alpha] = layersOf(raster);
  if (colours === undefined) return;
  const view = detailsView(rows, rect, method, colours.count, colours);
  const { x, y } = rect;
  await tiles.fill(rect, colours, strip, { share: method.share, view, x, y });
  if (alpha) await tiles.fill(rect, alpha, strip);
}

function detailsView(
  { details }: FinishedRows,
  { width }: Rect,
  { factor }: UpscaleMethod,
  pixelStride: number,
  { first }: ChannelRange,
) {
  const rowStride = width * factor * pixelStride;
  return { data: details, offset: first, rowStride, pixelStride, channelStride: 1 };
}

/** Colour as one layer, alpha as another. */
function layersOf({ channels }: Raster): ChannelRange[] {
  const colours = { first: 0, count: colourChannelsOf(channels) };
  return hasAlphaChannel(channels) ? [colours, { first: channels - 1, count: 1 }] : [colours];
}

function tileLayers(
  raster: Raster,
  { colour, alpha, enlarger }: UpscaleMethod,
  from: Corner,
): UpscaleLayer[] {
  const layers: UpscaleLayer[] = [];
  const placed = (rect: Rect) => ({ ...rect, x: rect.x + from.x, y: rect.y + from.y });
  if (colour !== null) {
    layers.push({
      channels: colourChannelsOf(raster.channels),
      read: (rect) => readModelImage(raster, placed(rect), 1),
      predictor: colour,
    });
  }
  if (enlarger === null && alpha !== null && hasAlphaChannel(raster.channels)) {
    const last = raster.channels - 1;
    layers.push({
      channels: 1,
      read: (rect) => readModelChannel(raster, last, placed(rect), 1),
      predictor: alpha,
    });
  }
  return layers;
}
