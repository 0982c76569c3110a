/**
 * Measures the drawing of tokens, and what it leaves of its host:
 *
 *     npm run bench:engine -- [models/studio-128] [--rounds 3] [--python PYTHON] [--page docs/engine.md]
 *
 * 1. Tokens a second of batch 1 without and with guidance and of 16 variations, against the bound
 *    that memory bandwidth (measured in the same run, same number of threads) and the bytes of the
 *    weights that a step reads give: it cannot be faster than reading each of them once. Of warm
 *    sessions: the first pictures, in which the runtime still compiles, do not count.
 * 2. With --python, a Python that has torch: the same model decoded by PyTorch eager with a cache.
 * 3. Previews: their share of a job's time (the median of pairs with and without them, since the best of
 *    either is the machine's luck), and when the first comes in a warm engine.
 * 4. The worst gap in the event loop of a host whose engine process draws, also while it takes in the final
 *    pictures of 16 variations enlarged 8 times, and how long a cancel takes.
 *
 * With --page the figures are also written as a page.
 *
 * Ratios of one run carry over to other machines, times do not. Threads: SPECTRAL_THREADS.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { drawVariations } from "../../src/engine/ar/draw-tokens.js";
import type { Model } from "../../src/engine/bundle/model.js";
import { inferenceThreads } from "../../src/engine/device/threads.js";
import { readSteering, type LoadedModel } from "../../src/engine/jobs/prompts.js";
import { createRandom } from "../../src/engine/sampling/random.js";
import { PromptEncoder } from "../../src/engine/text/prompt-encoder.js";
import { EngineProcess } from "../../src/host/engine-process.js";
import { createForkLauncher } from "../../src/host/fork-launcher.js";
import { createEngineClient, subscribeTo } from "../../src/shared/client.js";
import type { GenerateJob } from "../../src/shared/jobs.js";
import { memoryBandwidth } from "./engine/bandwidth.js";
import { writeEnginePage, type EngineFigure } from "./engine/page.js";
import { weightBytes } from "./engine/weight-bytes.js";
import { MAX_VARIATIONS } from "../../src/shared/limits.js";
import { draws } from "../../src/shared/models.js";
import { openModel } from "../engine/debug-bundle.js";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    python: { type: "string" },
    page: { type: "string" },
  },
});
const folder = resolve(positionals[0] ?? "models/studio-128");
const rounds = Number(options.rounds);
const threads = inferenceThreads();

const figures: EngineFigure[] = [];

function say(name: string, value: string): void {
  figures.push({ name, value });
  process.stdout.write(`${name.padEnd(46)} ${value}\n`);
}

/** A picture is over within some tenths of a second, and anything else on the machine lengthens it. */
const PICTURES_A_ROUND = 6;
/** Until then the runtime has compiled what it runs for good. */
const WARM_UP = 3;

/** Tokens a second of one run. */
interface Speed {
  readonly best: number;
  readonly median: number;
}

/** A step draws one token of each variation. */
async function tokensPerSecond(
  loaded: LoadedModel,
  guidance: number,
  variations: number,
  pictures: number,
): Promise<Speed> {
  const { model } = loaded;
  const { tokenCount, scales } = model.layout;
  const prefix = await readSteering(loaded, { prompt: "a dog", negativePrompt: "", guidance });
  const { temperature, topK, topP } = model.manifest.sampling;
  const times: number[] = [];
  for (let picture = -WARM_UP; picture < pictures; picture++) {
    const start = performance.now();
    await drawVariations(
      model,
      prefix,
      {
        codes: new Int32Array(tokenCount),
        isDrawn: new Uint8Array(tokenCount).fill(1),
        randoms: Array.from({ length: variations }, (_, v) => createRandom(picture + WARM_UP, v)),
      },
      scales.map(() => ({ temperature, topK, topP, guidance })),
      { pause: () => Promise.resolve() },
    );
    if (picture >= 0) times.push(performance.now() - start);
  }
  const speed = (time: number) => (1000 * tokenCount * variations) / time;
  return { best: speed(Math.min(...times)), median: speed(median(times)) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [upper, lower] = [sorted.length >> 1, (sorted.length - 1) >> 1];
  return ((sorted[lower] ?? 0) + (sorted[upper] ?? 0)) / 2;
}

async function torchTokensPerSecond(
  python: string,
  model: Model,
  pictures: number,
): Promise<number> {
  const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const tokens = model.layout.tokenCount;
  const { stdout } = await promisify(execFile)(
    python,
    [
      here("engine/torch_decode.py"),
      join(folder, "model.json"),
      ...[threads, tokens, pictures].map(String),
    ],
    { env: { ...process.env, PYTHONPATH: here("../../training") } },
  );
  const { best }: { best: number } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}");
  return 1 / best;
}

async function measureDrawing(): Promise<void> {
  const model = await openModel(folder);
  const loaded = { model, prompts: new PromptEncoder(model) };
  const { ofStep, ofMatrices } = await weightBytes(folder, model);
  const pictures = PICTURES_A_ROUND * rounds;
  // Bound and speed by turns, since a shared machine's memory and cores get slower and faster.
  const parts: { readonly bandwidth: number; readonly speed: Speed }[] = [];
  for (let round = 0; round < rounds; round++) {
    const bandwidth = await memoryBandwidth(threads);
    const speed = await tokensPerSecond(loaded, 1, 1, PICTURES_A_ROUND);
    parts.push({ bandwidth, speed });
  }
  const bandwidth = median(parts.map((part) => part.bandwidth));
  const single: Speed = {
    best: Math.max(...parts.map(({ speed }) => speed.best)),
    median: median(parts.map(({ speed }) => speed.median)),
  };
  const share = (of: keyof Speed) =>
    (100 * ofStep * median(parts.map((part) => part.speed[of] / part.bandwidth))).toFixed(0);
  say("model", `${model.manifest.id}, ${model.manifest.files.ar.precision}, ${threads} threads`);
  say("memory bandwidth", `${(bandwidth / 1e9).toFixed(1)} GB/s`);
  say(
    "weights that a step reads",
    `${(ofStep / 1e6).toFixed(2)} MB, of which matrices ${(ofMatrices / 1e6).toFixed(2)}`,
  );
  say("bound", `${(bandwidth / ofStep).toFixed(0)} steps/s`);
  say(
    "batch 1",
    `${single.best.toFixed(0)} tokens/s; median of ${pictures} pictures ${single.median.toFixed(0)}`,
  );
  say(
    `share of the bound, median of ${rounds} rounds`,
    `${share("best")} % by the best of ${PICTURES_A_ROUND} pictures, ${share("median")} % by the median`,
  );
  const timesSingle = ({ best }: Speed) =>
    `${best.toFixed(0)} tokens/s, ${(best / single.best).toFixed(2)} of batch 1`;
  say("with guidance", timesSingle(await tokensPerSecond(loaded, 2, 1, pictures)));
  say("16 variations", timesSingle(await tokensPerSecond(loaded, 1, 16, rounds)));
  if (options.python !== undefined) {
    const torch = await torchTokensPerSecond(options.python, model, pictures);
    say(
      "PyTorch eager, cached, fp32",
      `${torch.toFixed(0)} tokens/s; we are ${(single.best / torch).toFixed(1)} times as fast`,
    );
  }
  await model.release();
}

/** One job in an engine process: its time, its previews, and the host's worst gap. */
async function measureHost(): Promise<void> {
  const sessionDir = await mkdtemp(join(tmpdir(), "spectral-bench-"));
  const childPath = fileURLToPath(new URL("../../src/engine/child.ts", import.meta.url));
  const folders = { modelsDir: dirname(folder), sessionDir };
  const launcher = createForkLauncher({ childPath, execArgv: ["--import", "tsx"], ...folders });
  const engine = new EngineProcess({ launcher, log: () => undefined });
  try {
    const api = createEngineClient(engine);
    const { models } = await api.getEngineInfo({});
    const drawing = models.filter(draws);
    const chosen = drawing.find(({ modelId }) => modelId === basename(folder)) ?? drawing[0];
    if (!chosen) throw new Error("no model");
    const run = async (previews: boolean, seed: number, changes: Partial<GenerateJob> = {}) => {
      const request: GenerateJob = {
        kind: "generate",
        modelId: chosen.modelId,
        prompt: "a dog",
        negativePrompt: "",
        seed,
        previews,
        ...chosen.sampling,
        ...changes,
      };
      const shownAt: number[] = [];
      const stop = subscribeTo(engine, "job-preview", () => {
        shownAt.push(performance.now() - start);
      });
      const ended = new Promise<void>((resolve, reject) => {
        subscribeTo(engine, "job-finished", () => resolve());
        subscribeTo(engine, "job-failed", ({ error }) => reject(new Error(error.message)));
      });
      const start = performance.now();
      const { jobId } = await api.startJob(request);
      await ended;
      const time = performance.now() - start;
      stop();
      await api.discardResult({ jobId });
      // The rest comes with the finished picture.
      const onTheWay = shownAt.filter((at) => at < 0.9 * time).length;
      return { time, first: shownAt[0] ?? time, shown: shownAt.length, onTheWay };
    };
    await run(true, 0);
    const pairs = [];
    for (let round = 1; round <= PICTURES_A_ROUND * rounds; round++) {
      // In turns, since the machine itself gets slower and faster.
      const early = round % 2 === 0 ? null : await run(false, round);
      const watched = await run(true, round);
      pairs.push({ plain: early ?? (await run(false, round)), watched });
    }
    // Apart, because the measuring wakes a third thread a thousand times a second.
    const gap = await worstGap(rounds, (round) => run(true, round));
    const many = { variations: MAX_VARIATIONS, factor: 8 } as const;
    const gapOfMany = await worstGap(rounds, (round) => run(true, round, many));
    const plain = median(pairs.map((pair) => pair.plain.time));
    const watched = median(pairs.map((pair) => pair.watched.time));
    const shares = pairs.map((pair) => 100 * (pair.watched.time / pair.plain.time - 1));
    const shown = Math.max(...pairs.map((pair) => pair.watched.shown));
    const onTheWay = median(pairs.map((pair) => pair.watched.onTheWay));
    const first = median(pairs.map((pair) => pair.watched.first));
    say("a picture without and with previews", `${plain.toFixed(0)} and ${watched.toFixed(0)} ms`);
    say(
      `share of ${shown} previews`,
      `${median(shares).toFixed(1)} %, median of ${pairs.length} pairs; ${onTheWay} on the way`,
    );
    say("first preview, warm", `${first.toFixed(0)} ms`);
    say("worst gap of the host's event loop", `${gap.toFixed(1)} ms`);
    say("the same, 16 variations enlarged 8 times", `${gapOfMany.toFixed(1)} ms`);
    const request: GenerateJob = {
      kind: "generate",
      modelId: chosen.modelId,
      prompt: "a dog",
      negativePrompt: "",
      seed: 0,
      ...chosen.sampling,
    };
    const cancels = await longestCancel(engine, request, 10);
    say("longest of ten cancels", `${cancels.toFixed(0)} ms`);
    const ofMany = { ...request, variations: MAX_VARIATIONS };
    const cancelsOfMany = await longestCancel(engine, ofMany, 10);
    say("the same, 16 variations", `${cancelsOfMany.toFixed(0)} ms`);
  } finally {
    engine.dispose();
    await rm(sessionDir, { recursive: true, force: true });
  }
}

/** The longest time in milliseconds for which this process's event loop stood still. */
async function worstGap(times: number, run: (round: number) => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  for (let round = 1; round <= times; round++) await run(round);
  delay.disable();
  return delay.max / 1e6;
}

/** The longest time from a cancel to its job's end, at different moments of the drawing. */
async function longestCancel(
  engine: EngineProcess,
  request: GenerateJob,
  times: number,
): Promise<number> {
  const api = createEngineClient(engine);
  let longest = 0;
  for (let count = 1; count <= times; count++) {
    const ended = new Promise<void>((resolve) => {
      subscribeTo(engine, "job-cancelled", () => resolve());
      // Too late for a cancel.
      subscribeTo(engine, "job-finished", () => resolve());
    });
    const reached = new Promise<void>((resolve) => {
      subscribeTo(engine, "job-progress", ({ stage, done, total }) => {
        if (stage === "drawing" && done >= (total * count) / (times + 1)) resolve();
      });
      subscribeTo(engine, "job-finished", () => resolve());
    });
    const { jobId } = await api.startJob(request);
    await reached;
    const start = performance.now();
    await api.cancelJob({ jobId });
    await ended;
    longest = Math.max(longest, performance.now() - start);
    await api.discardResult({ jobId }).catch(() => undefined);
  }
  return longest;
}

await measureDrawing();
await measureHost();
if (options.page !== undefined) await writeEnginePage(options.page, figures);
