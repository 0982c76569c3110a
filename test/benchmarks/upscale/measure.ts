import type { Raster } from "../../../src/core/raster.js";
import type { Ending, Method } from "./methods.js";
import { median } from "./median.js";
import { psnr, ssim, worstBlockError } from "./metrics.js";
import { reduceByBlocks, type TestPicture } from "./pictures.js";

/** Once a picture took this long in all it is not repeated: the slowest networks take minutes. */
const REPEAT_BELOW_MS = 2_000;
const WARM_UP_SIDE = 48;

/** What one ending of a method gave for one picture. */
export interface Measurement {
  readonly psnr: number;
  readonly ssim: number;
  /** Levels of 255. */
  readonly blockError: number;
  /** Seconds a megapixel of the result: the median of some runs. */
  readonly seconds: number;
}

/** Figures and the picture that they are about. */
export interface Measured {
  readonly figures: Measurement;
  readonly raster: Raster;
}

/** Makes sessions and compiles loops, so that no picture pays for them. */
export async function warmUp(methods: readonly Method[]): Promise<void> {
  const side = WARM_UP_SIDE;
  const data = Uint8Array.from({ length: 3 * side * side }, (_, i) => (i * i) % 256);
  const source: Raster = { width: side, height: side, channels: 3, depth: 8, data };
  for (const method of methods) for (const { finish } of await method.predict(source)) finish();
}

/** Reduces a picture, enlarges it by all methods in turn and compares; by name of the ending. */
export async function measurePicture(
  { raster: truth }: TestPicture,
  methods: readonly Method[],
  factor: number,
  rounds: number,
): Promise<Map<string, Measured>> {
  const source = reduceByBlocks(truth, factor);
  const megapixels = (truth.width * truth.height) / 1e6;
  const found = new Map<string, Measured>();
  for (const method of methods) {
    const runs: TimedRun[][] = [];
    const start = performance.now();
    do runs.push(await timeRun(method, source));
    while (runs.length < rounds && performance.now() - start < REPEAT_BELOW_MS);
    runs[0]?.forEach(({ name, raster }, ending) => {
      const figures = {
        psnr: psnr(raster, truth),
        ssim: ssim(raster, truth),
        blockError: worstBlockError(raster, source, factor),
        seconds: median(runs.map((run) => run[ending]!.milliseconds)) / 1_000 / megapixels,
      };
      found.set(name, { figures, raster });
    });
  }
  return found;
}

interface TimedRun {
  readonly name: string;
  readonly raster: Raster;
  readonly milliseconds: number;
}

/** Every ending pays for the prediction and for itself. */
async function timeRun(method: Method, source: Raster): Promise<TimedRun[]> {
  const start = performance.now();
  const endings: readonly Ending[] = await method.predict(source);
  const shared = performance.now() - start;
  return endings.map(({ name, finish }) => {
    const own = performance.now();
    const raster = finish();
    return { name, raster, milliseconds: shared + performance.now() - own };
  });
}
