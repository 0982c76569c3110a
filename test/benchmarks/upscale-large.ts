/**
 * Measures what waiting for a large picture is like:
 *
 *     npx tsx test/benchmarks/upscale-large.ts [models/studio-128] [--megapixels 24] [--factor 2] [--speed fast]
 *
 * 1. A preview of a part of it before the whole is begun: the first one, which loads the network, and later ones.
 * 2. Enlarging the file into a PNG: megapixels a second, and the most bytes resident beyond those of a process that
 *    has loaded the model and enlarged a small picture.
 * 3. How long a cancel in the middle takes at most.
 *
 * The picture is a sample, repeated. Times are those of this machine; nothing passes or fails.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { createRaster, type Raster } from "../../src/core/raster.js";
import { NO_METADATA } from "../../src/engine/files/metadata.js";
import { writePicture } from "../../src/engine/files/write-picture.js";
import { createEngine, readFileBytes, readPicture } from "../../src/engine/index.js";
import { modelIdSchema } from "../../src/shared/ids.js";
import { z } from "../../src/shared/zod.js";
import { median } from "./upscale/median.js";
import { ownPeakBytes } from "./upscale/memory.js";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    megapixels: { type: "string", default: "24" },
    factor: { type: "string", default: "2" },
    speed: { type: "string", default: "fast" },
    make: { type: "string" },
  },
});
const bundle = resolve(positionals[0] ?? "models/studio-128");
const factor = z.coerce
  .number()
  .pipe(z.literal([2, 4, 8]))
  .parse(options.factor);
const speed = z.enum(["best", "fast"]).parse(options.speed);
const sample = fileURLToPath(new URL("../../assets/samples/wren-512x512.jpg", import.meta.url));
const PREVIEW_SIDE = 128;
const CANCELS = 8;

function say(name: string, value: string): void {
  process.stdout.write(`${name.padEnd(52)} ${value}\n`);
}

/** A sample beside and below itself until there are enough pixels, 3 to 2. */
function repeated({ width, height, data }: Raster, pixels: number): Raster {
  const large = createRaster(
    Math.round(Math.sqrt(1.5 * pixels)),
    Math.round(Math.sqrt(pixels / 1.5)),
    3,
    8,
  );
  for (let y = 0; y < large.height; y++) {
    const row = data.subarray((y % height) * width * 3, ((y % height) + 1) * width * 3);
    for (let x = 0; x < large.width; x += width) {
      const count = Math.min(width, large.width - x);
      large.data.set(row.subarray(0, count * 3), (y * large.width + x) * 3);
    }
  }
  return large;
}

const folder = await mkdtemp(join(tmpdir(), "spectral-large-"));
const engine = await createEngine({
  modelsDir: dirname(bundle),
  sessionDir: join(folder, "session"),
});
const job = {
  modelId: modelIdSchema.parse(basename(bundle)),
  factor,
  speed,
  creativity: 0,
  prompt: "",
  seed: 0,
  guidance: 1,
};

async function upscale(
  input: string,
  signal: AbortSignal,
  onProgress: () => void = () => undefined,
) {
  const request = {
    input,
    output: join(folder, "big.png"),
    format: "png" as const,
    quality: 100,
    embedRecipe: false,
    job,
  };
  return engine.upscaleFile(request, { signal, onProgress });
}

async function measurePreviews(path: string): Promise<void> {
  const { documentId } = await engine.api.openDocument({
    bytes: await readFileBytes(path),
    name: "large",
  });
  const times: number[] = [];
  for (let i = 0; i < 6; i++) {
    const rect = { x: 500 + 97 * i, y: 400 + 31 * i, width: PREVIEW_SIDE, height: PREVIEW_SIDE };
    const start = performance.now();
    await engine.api.previewUpscale({ request: { ...job, kind: "upscale", documentId }, rect });
    times.push(performance.now() - start);
  }
  const [first = 0, ...later] = times;
  say(
    `preview of ${PREVIEW_SIDE} x ${PREVIEW_SIDE}: first, later`,
    `${first.toFixed(0)} ms, ${median(later).toFixed(0)} ms`,
  );
}

async function measureCancels(path: string): Promise<void> {
  const waits: number[] = [];
  for (let i = 0; i < CANCELS; i++) {
    const controller = new AbortController();
    let asked = 0;
    const cancel = () => {
      asked = performance.now();
      controller.abort();
    };
    let timer: NodeJS.Timeout | undefined;
    // A while after the first step, so that it comes at any moment of a later one.
    const onProgress = () => (timer ??= setTimeout(cancel, 1_500 + 37 * i));
    await upscale(path, controller.signal, onProgress).catch(() => undefined);
    clearTimeout(timer);
    if (asked > 0) waits.push(performance.now() - asked);
  }
  const [usual, worst] = [median(waits), Math.max(...waits)];
  say(`cancel: median, worst of ${waits.length}`, `${usual.toFixed(0)}, ${worst.toFixed(0)} ms`);
}

if (options.make !== undefined) {
  const { raster } = await readPicture(await readFileBytes(sample), "sample");
  const whole = repeated(raster, Number(options.megapixels) * 1e6);
  const png = { format: "png" as const, quality: 100, metadata: NO_METADATA, recipe: null };
  await writeFile(options.make, await writePicture(whole, png));
  process.exit();
}
/** Made by another process, so that this one's memory is that of the job. */
async function makeLarge(): Promise<string> {
  const path = join(folder, "large.png");
  const own = fileURLToPath(import.meta.url);
  const flags = ["--make", path, "--megapixels", options.megapixels];
  await promisify(execFile)(process.execPath, ["--import", "tsx", own, ...flags]);
  return path;
}

try {
  const never = new AbortController().signal;
  await upscale(sample, never);
  const before = await ownPeakBytes();
  const large = await makeLarge();
  const start = performance.now();
  const { width, height } = await upscale(large, never);
  const seconds = (performance.now() - start) / 1_000;
  const written = (await stat(join(folder, "big.png"))).size;
  const pixels = (width * height) / 1e6;
  say(
    `${options.megapixels} to ${pixels.toFixed(0)} megapixels, x${factor} ${speed}`,
    `${seconds.toFixed(1)} s, ${(pixels / seconds).toFixed(1)} MP/s, ${(written / 1e6).toFixed(0)} MB of PNG`,
  );
  say(
    "most resident, and before with a small picture",
    `${((await ownPeakBytes()) / 1e6).toFixed(0)} and ${(before / 1e6).toFixed(0)} MB`,
  );
  await measurePreviews(large);
  await measureCancels(large);
} finally {
  await engine.dispose();
  await rm(folder, { recursive: true });
}
