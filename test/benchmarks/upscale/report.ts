import { mean, median } from "./median.js";
import type { Measurement } from "./measure.js";
import { OUR_WAYS, ourName, PROJECTED } from "./methods.js";

/** What is known of one row of the table. */
export interface Row {
  readonly name: string;
  /** One a picture, in the order of the pictures. */
  readonly measurements: readonly Measurement[];
  /** Operations of the network for a megapixel of the result; null where there is no network. */
  readonly operations: number | null;
  /** Most bytes resident in a process that did only this. */
  readonly peakBytes: number;
}

/** All that was measured with one factor. */
export interface FactorResults {
  readonly factor: number;
  readonly rows: readonly Row[];
  /** Operations a second of a matrix product in the same run. */
  readonly matMul: number;
  /** File of the picture strip, relative to the page, and what its columns show. */
  readonly strip: { readonly file: string; readonly columns: readonly string[] };
}

/** Times are told as multiples of this one's. */
const REFERENCE = "esrgan-medium";
const RIVAL = `esrgan-thick${PROJECTED}`;

/** One factor's chapter of the page: table, sentences, strip. */
export function describeFactor(results: FactorResults): string {
  const { factor, strip } = results;
  const columns = strip.columns.map((name) => name.replace(PROJECTED, " projected")).join("; ");
  return `## x${factor}

${tableOf(results)}

${[...sentences(results)].map((line) => `- ${line}`).join("\n")}

![Squares of some of the pictures, enlarged by ${factor}](${strip.file})

Columns: ${columns}. Of each picture it is the square with the most detail.
`;
}

function tableOf({ rows, matMul }: FactorResults): string {
  const reference = rows.find(({ name }) => name === REFERENCE);
  const fastest = Math.min(...rows.map(secondsOf));
  const heads = [
    "",
    "PSNR, dB",
    "SSIM",
    "worst block error",
    `time / ${REFERENCE}`,
    "time / fastest",
    "time / its operations",
    "peak memory, MB",
  ];
  const lines = rows.map((row) => [
    row.name,
    meanOf(row, "psnr").toFixed(2),
    meanOf(row, "ssim").toFixed(4),
    Math.max(...row.measurements.map(({ blockError }) => blockError)).toFixed(1),
    reference === undefined ? "" : ratio(secondsOf(row) / secondsOf(reference)),
    ratio(secondsOf(row) / fastest),
    row.operations === null ? "" : ratio(secondsOf(row) / (row.operations / matMul)),
    (row.peakBytes / 1e6).toFixed(0),
  ]);
  const rule = heads.map((_, i) => (i === 0 ? "---" : "--:"));
  return [heads, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** What the table says about our ways, whichever way it went. */
function* sentences({ rows, matMul }: FactorResults): Generator<string> {
  const find = (name: string) => rows.find((row) => row.name === name);
  const [reference, rival] = [find(REFERENCE), find(RIVAL)];
  for (const way of OUR_WAYS) {
    const row = find(ourName(way));
    if (row === undefined) continue;
    const parts: string[] = [];
    if (reference) {
      parts.push(`${ratio(secondsOf(reference) / secondsOf(row))} times the speed of ${REFERENCE}`);
    }
    if (rival) {
      const wins = row.measurements.filter(({ psnr }, i) => psnr >= rival.measurements[i]!.psnr);
      parts.push(
        `PSNR ${compare(meanOf(row, "psnr") - meanOf(rival, "psnr"), 2, " dB")} and SSIM ${compare(meanOf(row, "ssim") - meanOf(rival, "ssim"), 4)} ${RIVAL} (PSNR not below it on ${wins.length} of ${row.measurements.length} pictures)`,
      );
    }
    if (row.operations !== null) {
      parts.push(`${ratio(secondsOf(row) / (row.operations / matMul))} times its operations' time`);
    }
    if (parts.length > 0) yield `${row.name}: ${parts.join("; ")}.`;
  }
  const seconds = rows[0] === undefined ? "" : `${secondsOf(rows[0]).toPrecision(2)} s`;
  yield `In this run ${rows[0]?.name ?? ""} took ${seconds} a megapixel of the result, and a matrix product ran at ${(matMul / 1e9).toFixed(0)} GFLOP/s.`;
}

/** Seconds a megapixel: the median over the pictures. */
export function secondsOf({ measurements }: Row): number {
  return median(measurements.map(({ seconds }) => seconds));
}

function meanOf({ measurements }: Row, key: "psnr" | "ssim"): number {
  return mean(measurements.map((measurement) => measurement[key]));
}

function compare(difference: number, digits: number, unit = ""): string {
  return `${Math.abs(difference).toFixed(digits)}${unit} ${difference < 0 ? "below" : "above"}`;
}

function ratio(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.95 ? value.toFixed(1) : value.toPrecision(2);
}
