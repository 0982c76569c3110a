import { AppError } from "../../core/errors.js";
import { isExact, planTarget, type TargetPlan } from "../../core/plan/target-size.js";
import type { Raster } from "../../core/raster.js";
import {
  describeRect,
  intersectRects,
  isEmptyRect,
  rectOfSize,
  type Rect,
} from "../../core/rect.js";
import { coveredSpan, type ReducedAxis } from "../../core/rounding/area-reducer.js";
import { windowServices } from "../jobs/run-upscale.js";
import type { JobContext } from "../jobs/job-context.js";
import type { LoadedToEnlarge } from "../jobs/prompts.js";
import { chooseMethod, type UpscaleRequest } from "./choose-method.js";
import { BlockReducingSink } from "./block-reducing-sink.js";
import { CroppingSink, RasterSink, ReducingSink, type RowSink } from "./row-sink.js";
import { upscaleWindow, type UpscaleMethod } from "./upscale-window.js";

/** Longest side of what can be previewed, in picture pixels. */
export const MAX_PREVIEW_SIDE = 256;

/** A part of a picture as an upscale would make it. */
export interface UpscalePreview {
  /** Picture pixels that are shown. */
  readonly rect: Rect;
  readonly raster: Raster;
  /** Time that the pixels took. */
  readonly seconds: number;
}

/**
 * Makes the part of an upscale that lies above `rect`: the very pixels that the whole job would give
 * there. What is drawn differs from it, as another seed would: tiles begin at the part's own corner, so
 * that a part of a tile's size is one tile and quickly drawn.
 * @throws AppError REQUEST_INVALID for a part that is too large or outside of the picture
 */
export async function previewUpscale(
  loaded: LoadedToEnlarge,
  raster: Raster,
  request: UpscaleRequest,
  rect: Rect,
  context: JobContext,
): Promise<UpscalePreview> {
  const inside = requirePart(raster, rect);
  const plan = planTarget(raster, request.factor, request.size);
  const method = await chooseMethod(loaded, request, plan.factor, context, raster.depth);
  const part = partOf(plan, raster, inside);
  const sink = new RasterSink({ ...part.size, channels: raster.channels, depth: raster.depth });
  const { window } = part;
  const tilesFrom = request.creativity > 0 ? firstTile(raster, window, method) : undefined;
  const services = windowServices(context);
  const start = services.clock();
  await upscaleWindow({ raster, window, tilesFrom }, method, part.through(sink), {
    ...services,
    onDone: () => undefined,
  });
  const seconds = Math.max(0, services.clock() - start) / 1000;
  return { rect: inside, raster: sink.raster, seconds };
}

/** The window's corner, or as near as a whole tile fits into the picture. */
function firstTile(raster: Raster, window: Rect, { imageSize, factor }: UpscaleMethod) {
  const side = imageSize / factor;
  return {
    x: Math.max(0, Math.min(window.x, raster.width - side)),
    y: Math.max(0, Math.min(window.y, raster.height - side)),
  };
}

interface PreviewPart {
  /** Input pixels that are needed. */
  readonly window: Rect;
  readonly size: { readonly width: number; readonly height: number };
  /** What turns the window's enlarged rows into those of the preview. */
  readonly through: (sink: RowSink) => RowSink;
}

function partOf(plan: TargetPlan, raster: Raster, rect: Rect): PreviewPart {
  const { factor, enlarged, target, blockSide } = plan;
  if (isExact(plan)) {
    const size = { width: rect.width * factor, height: rect.height * factor };
    return { window: rect, size, through: (sink) => sink };
  }
  const columns = reducedPart(enlarged.width, target.width, raster.width, rect.x, rect.width);
  const rows = reducedPart(enlarged.height, target.height, raster.height, rect.y, rect.height);
  const [across, down] = [coveredSpan(columns), coveredSpan(rows)];
  const [x, y] = [Math.floor(across.start / factor), Math.floor(down.start / factor)];
  const window = {
    x,
    y,
    width: Math.ceil(across.end / factor) - x,
    height: Math.ceil(down.end / factor) - y,
  };
  const crop = {
    x: across.start - x * factor,
    y: down.start - y * factor,
    width: across.end - across.start,
    height: down.end - down.start,
  };
  return {
    window,
    size: { width: columns.end - columns.start, height: rows.end - rows.start },
    through: (sink) =>
      blockSide === null
        ? new CroppingSink(crop, raster, new ReducingSink(columns, rows, raster, sink))
        : new BlockReducingSink(columns, rows, raster, blockSide, sink),
  };
}

/** The output pixels that touch `length` picture pixels from `start` on. */
function reducedPart(
  from: number,
  to: number,
  side: number,
  start: number,
  length: number,
): ReducedAxis {
  return {
    from,
    to,
    start: Math.floor((start * to) / side),
    end: Math.ceil(((start + length) * to) / side),
  };
}

function requirePart(raster: Raster, rect: Rect): Rect {
  const inside = intersectRects(rect, rectOfSize(raster.width, raster.height));
  const fits = Math.max(rect.width, rect.height) <= MAX_PREVIEW_SIDE;
  if (fits && !isEmptyRect(inside)) return inside;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected a part of the ${raster.width} x ${raster.height} picture of at most ${MAX_PREVIEW_SIDE} pixels a side but got ${describeRect(rect)}.`,
    { ...rect },
  );
}
