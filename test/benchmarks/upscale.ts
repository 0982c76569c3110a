/**
 * Compares ways to enlarge pictures, ours among them, and writes a page about it:
 *
 *     npm run bench:upscale -- [models/studio-128] [--peers reports/peers] [--pictures FOLDER]
 *         [--all] [--rounds 3] [--most N] [--out docs] [--without-peers]
 *
 * Pictures are reduced by exact box averages and enlarged again by 2 and 4 (with --all also by 8).
 * --peers is where the converted ESRGAN networks lie: `npm run bench:peers` makes them. --most takes
 * only so many pictures. Writes OUT/upscaling.md and OUT/images/upscaling-x2.jpg and so on.
 *
 * Nothing here passes or fails: times are ratios of one run. Threads: SPECTRAL_THREADS.
 */
import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Raster } from "../../src/core/raster.js";
import { inferenceThreads } from "../../src/engine/device/threads.js";
import { sharp } from "../../src/engine/files/sharp.js";
import { loadBundle } from "./upscale/load-bundle.js";
import { createMatMulMeter, operationsPerInputPixel } from "./upscale/machine.js";
import { measurePicture, warmUp, type Measurement } from "./upscale/measure.js";
import { median } from "./upscale/median.js";
import { peakMemory } from "./upscale/memory.js";
import { methodsFor, OUR_WAYS, ourName, PROJECTED, type Factor } from "./upscale/methods.js";
import { describeRun } from "./upscale/page.js";
import { requirePeers } from "./upscale/peers.js";
import { readPictures } from "./upscale/pictures.js";
import { secondsOf, type FactorResults, type Row } from "./upscale/report.js";
import { cut, drawStrip, mostDetailed } from "./upscale/strip.js";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: "string", default: "reports/peers" },
    "without-peers": { type: "boolean", default: false },
    pictures: { type: "string", default: "assets/samples" },
    all: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    most: { type: "string", default: "100" },
    out: { type: "string", default: "docs" },
  },
});
const bundleFolder = positionals[0] ?? "models/studio-128";
const bundle = resolve(bundleFolder);
const peers = options["without-peers"] ? null : resolve(options.peers);
const factors: readonly Factor[] = options.all ? [2, 4, 8] : [2, 4];
/** What a strip shows beside the original, where it was measured. */
const SHOWN = [
  "pixels repeated",
  `Lanczos3${PROJECTED}`,
  "esrgan-medium",
  `esrgan-thick${PROJECTED}`,
];
// Nobody sees the finest way's gain in a strip.
const STRIP_COLUMNS = [...SHOWN, ...OUR_WAYS.filter((way) => way !== "finest").map(ourName)];
const STRIP_ROWS = 3;

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function measureFactor(factor: Factor): Promise<FactorResults> {
  const methods = methodsFor(loaded, factor, peers);
  say(`x${factor}: warm-up`);
  await warmUp(methods);
  const measurements = new Map<string, Measurement[]>();
  const speeds: number[] = [];
  const squares: Raster[][] = [];
  const shown = STRIP_COLUMNS.filter((name) =>
    methods.some((method) => name.startsWith(method.name)),
  );
  for (const [index, picture] of pictures.entries()) {
    say(`x${factor}: ${picture.name}`);
    speeds.push(await matMulSpeed());
    const found = await measurePicture(picture, methods, factor, Number(options.rounds));
    if (isInStrip(index)) {
      const corner = mostDetailed(picture.raster, factor);
      const enlarged = shown.map((name) => found.get(name)!.raster);
      squares.push([picture.raster, ...enlarged].map((raster) => cut(raster, corner)));
    }
    for (const [name, { figures }] of found) {
      measurements.set(name, [...(measurements.get(name) ?? []), figures]);
    }
  }
  const rows: Row[] = [];
  for (const method of methods) {
    say(`x${factor}: memory of ${method.name}`);
    const task = { bundle, peers, pictures: resolve(options.pictures), factor };
    const peakBytes = await peakMemory({ ...task, method: method.name });
    const perPixel = method.graph === null ? null : await operationsPerInputPixel(method.graph);
    const operations = perPixel === null ? null : (perPixel / factor ** 2) * 1e6;
    for (const name of [method.name, method.name + PROJECTED]) {
      const found = measurements.get(name);
      if (found) rows.push({ name, measurements: found, operations, peakBytes });
    }
  }
  const file = `images/upscaling-x${factor}.jpg`;
  await writeFile(join(options.out, file), await drawStrip(squares));
  const strip = { file, columns: ["the original", ...shown] };
  return { factor, rows, matMul: median(speeds), strip };
}

/** The first, the last and one in the middle. */
function isInStrip(index: number): boolean {
  const last = pictures.length - 1;
  const places = Array.from({ length: STRIP_ROWS }, (_, i) =>
    Math.floor((i * last) / (STRIP_ROWS - 1)),
  );
  return places.includes(index);
}

function currentCommit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short=12", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}

if (peers !== null) requirePeers(peers, factors);
await mkdir(join(options.out, "images"), { recursive: true });
const threads = inferenceThreads();
sharp.concurrency(threads);
const pictures = await readPictures(options.pictures, Number(options.most));
const loaded = await loadBundle(bundle);
const matMulSpeed = await createMatMulMeter();
const results: FactorResults[] = [];
for (const factor of factors) {
  const found = await measureFactor(factor);
  results.push(found);
  for (const row of found.rows) say(`  ${row.name.padEnd(20)} ${secondsOf(row).toFixed(3)} s/MP`);
}
const path = join(options.out, "upscaling.md");
const { id } = loaded.model.manifest;
const facts = {
  command: ["npm run bench:upscale --", ...process.argv.slice(2)].join(" ").replace(/ --$/, ""),
  model: `${id} (${loaded.model.bundle.sha256.slice(0, 12)})`,
  commit: currentCommit(),
  threads,
  pictures: pictures.map(({ name }) => name),
  hasPeers: peers !== null,
};
const page = await describeRun(facts, results, path);
await writeFile(path, page);
process.stdout.write(page);
