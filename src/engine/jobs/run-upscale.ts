import { freemem } from "node:os";
import { AppError } from "../../core/errors.js";
import { isExact, planTarget, type TargetPlan } from "../../core/plan/target-size.js";
import type { Raster } from "../../core/raster.js";
import { MAX_PIXELS, MAX_SIDE_PX } from "../../shared/limits.js";
import { chooseMethod, type UpscaleRequest } from "../upscale/choose-method.js";
import { BlockReducingSink } from "../upscale/block-reducing-sink.js";
import { RasterSink, ReducingSink, type RowFormat, type RowSink } from "../upscale/row-sink.js";
import { upscaleWindow } from "../upscale/upscale-window.js";
import { pause, type JobContext } from "./job-context.js";
import type { LoadedToEnlarge } from "./prompts.js";

export type { UpscaleRequest } from "../upscale/choose-method.js";

/** Size and kind of what an upscale makes. @throws AppError REQUEST_INVALID, IMAGE_TOO_LARGE */
export function upscaledFormat(raster: Raster, request: UpscaleRequest): RowFormat {
  const { target } = requirePlan(raster, request);
  return { ...target, channels: raster.channels, depth: raster.depth };
}

/** Enlarges a picture in memory; see {@link upscaleInto}. */
export async function runUpscale(
  loaded: LoadedToEnlarge,
  raster: Raster,
  request: UpscaleRequest,
  context: JobContext,
): Promise<Raster> {
  const sink = new RasterSink(upscaledFormat(raster, request));
  await upscaleInto(loaded, raster, request, sink, context);
  return sink.raster;
}

/**
 * Enlarges a picture (design: upscale) row by row: each block of the result averages to the picture's
 * pixel. For a size that is no power of two the next one is made and reduced by exact areas; where that
 * is a whole number of times as large, blocks are exact all the same.
 * @param start the first row of the picture to enlarge, where {@link canGoOn} and those above are done
 * @throws AppError REQUEST_INVALID, IMAGE_TOO_LARGE before anything is computed
 */
export async function upscaleInto(
  loaded: LoadedToEnlarge,
  raster: Raster,
  request: UpscaleRequest,
  sink: RowSink,
  context: JobContext,
  start = 0,
): Promise<void> {
  const plan = requirePlan(raster, request);
  await pause(context);
  const method = await chooseMethod(loaded, request, plan.factor, context, raster.depth);
  await upscaleWindow(
    { raster, window: { x: 0, y: start, width: raster.width, height: raster.height - start } },
    method,
    isExact(plan) ? sink : reducing(plan, raster, sink, start),
    { ...windowServices(context), onDone: progressOf(plan, raster, start, context) },
  );
}

/**
 * True if rows that were made before may be kept and the job goes on after them. Drawn tiles depend
 * on those above, and a reduced row may on enlarged rows of both sides.
 */
export function canGoOn(raster: Raster, request: UpscaleRequest): boolean {
  return request.creativity === 0 && requirePlan(raster, request).blockSide !== null;
}

/** What every upscale may use of its surroundings. */
export function windowServices(context: JobContext) {
  return {
    pause: () => pause(context),
    clock: context.clock ?? (() => performance.now()),
    freeBytes: Math.min(process.availableMemory(), Math.max(freemem(), 2 ** 28)),
  };
}

/** Tells finished output pixels, and how many megapixels a second they are. */
function progressOf(
  { target }: TargetPlan,
  { width, height }: Raster,
  firstRow: number,
  { onProgress, clock = () => performance.now() }: JobContext,
) {
  const start = clock();
  const total = target.width * target.height;
  const outputPixels = (pixels: number) =>
    Math.min(total, Math.round((pixels / (width * height)) * total));
  return (pixels: number) => {
    const done = outputPixels(firstRow * width + pixels);
    const seconds = (clock() - start) / 1_000;
    const value = seconds > 0 ? outputPixels(pixels) / 1e6 / seconds : 0;
    const rate = { value, unit: "megapixels" as const };
    onProgress({ stage: "upscaling", scale: null, done, total, rate });
  };
}

function reducing(plan: TargetPlan, raster: Raster, sink: RowSink, firstRow: number): RowSink {
  const { enlarged, target, blockSide } = plan;
  const across = { from: enlarged.width, to: target.width, start: 0, end: target.width };
  const down = { from: enlarged.height, to: target.height, start: 0, end: target.height };
  if (blockSide === null) return new ReducingSink(across, down, raster, sink);
  const rest = { ...down, start: firstRow * blockSide };
  return new BlockReducingSink(across, rest, raster, blockSide, sink);
}

function requirePlan(raster: Raster, { factor, size }: UpscaleRequest): TargetPlan {
  const plan = planTarget(raster, factor, size);
  const { width, height } = plan.target;
  const fits = width <= MAX_SIDE_PX && height <= MAX_SIDE_PX;
  if (fits && width * height <= MAX_PIXELS) return plan;
  throw new AppError(
    "IMAGE_TOO_LARGE",
    `Expected an enlarged picture of at most ${MAX_PIXELS / 1e6} megapixels and ${MAX_SIDE_PX} pixels a side but ${raster.width} x ${raster.height} would become ${width} x ${height}; choose a smaller factor or size.`,
    { widthPx: width, heightPx: height, factor: plan.factor },
  );
}
