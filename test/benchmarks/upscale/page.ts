import { cpus } from "node:os";
import { format, resolveConfig } from "prettier";
import { describeFactor, type FactorResults } from "./report.js";

/** What the page says of how it was made. */
export interface PageFacts {
  readonly command: string;
  readonly model: string;
  readonly commit: string;
  readonly threads: number;
  readonly pictures: readonly string[];
  readonly hasPeers: boolean;
}

/** The whole page as formatted Markdown. */
export async function describeRun(
  facts: PageFacts,
  results: readonly FactorResults[],
  path: string,
): Promise<string> {
  const text = [introduction(facts), ...results.map(describeFactor), explanation(facts)].join("\n");
  return format(text, { ...(await resolveConfig(path)), parser: "markdown" });
}

function introduction({ command, model, commit, threads, pictures, hasPeers }: PageFacts): string {
  const cpu = cpus()[0]?.model.trim() ?? "an unknown CPU";
  return `# Upscaling, measured

Made by \`${command}\` at commit ${commit} with ${model}, on ${cpu} with ${threads} ${threads === 1 ? "thread" : "threads"}.
Ratios of one run carry over to other machines, times do not; another run differs by some percent.

Of each picture its middle, at most 0.3 megapixels as 8-bit RGB, is reduced by exact box averages, rounded to 8 bits, enlarged again by every method and compared with what it was. Pictures: ${pictures.join(", ")}.
${hasPeers ? "" : "\nThe networks to compare with were left out of this run.\n"}`;
}

function explanation({ hasPeers }: PageFacts): string {
  return `## What the columns mean

- **+ P**: the same prediction, projected onto the block means by the code that the app uses. Without it a prediction is rounded and clipped.
- **PSNR** of RGB and **SSIM** of luma (Wang et al. 2004) are means over the pictures. Both reward the mean of what could be there, which is what faithful upscaling and the projection aim at; neither says how crisp a picture looks, which is what the strips are for.
- **Worst block error**: the largest distance, in levels of 255, between a pixel of the small picture and the mean of its block. 0 means that averaging gives the small picture back exactly.
- **Time** is that of a megapixel of the result, median over the pictures, all methods in turn in one process. Ours is the app's whole road, with overlapping tiles so short that a cancel is obeyed at once, and rounding; the other networks take the whole picture in one run of the same runtime with as many threads. Bicubic and Lanczos3 are plain code of this benchmark and written to be read, so their time says little; sharp's is what a native resampler takes.
- **Time / its operations**: the measured time divided by the time that the network's multiplications and additions would take at the speed of a large matrix product in the same runtime and run, each counted once: what tiles compute twice where they overlap is waste, as are memory and rounding. A network is not far from its bound at 1, and may be below it where the runtime has a better way than plain products.
- **Peak memory**: the most that was resident in a process of its own that read the first picture and enlarged it, Node, the runtime and the check of the bundle included, with and without projection; "pixels repeated" shows how much of it is not the method's.
- sharp's own enlarging is shifted by half a pixel of the result, which costs it its PSNR; bicubic and Lanczos3 are centre-aligned here.
${
  hasPeers
    ? "\nThe networks come from the npm packages `@upscalerjs/esrgan-slim`, `-medium` and `-thick` (MIT); `npm run bench:peers` fetches them and converts them to ONNX once.\n"
    : ""
}`;
}
