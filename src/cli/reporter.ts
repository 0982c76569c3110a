import type { AppErrorData } from "../core/errors.js";
import type { Events } from "../shared/events.js";
import type { ExitCode } from "./exit-codes.js";

type Progress = Events["job-progress"];

/** Plain values of a result; `--json` prints them as they are. */
export type ResultData = Readonly<Record<string, unknown>>;

/** Tells a person or a script what happens. */
export interface Reporter {
  readonly progress: (progress: Progress) => void;
  /** @param lines the same for people */
  readonly result: (data: ResultData, lines: readonly string[]) => void;
  readonly error: (error: AppErrorData, exitCode: ExitCode) => void;
}

/** Where a program writes. */
export interface Output {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

/** One JSON object a line on standard output: `type` is `progress`, `result` or `error`. */
export function createJsonReporter({ stdout }: Output): Reporter {
  const print = (line: ResultData) => stdout.write(`${JSON.stringify(line)}\n`);
  return {
    progress: (progress) => print({ type: "progress", ...progress }),
    result: (data) => print({ type: "result", ...data }),
    error: (error, exitCode) => print({ type: "error", ...error, exitCode }),
  };
}

/** Results on standard output; progress, on a line that is written over, and errors beside it. */
export function createTextReporter({ stdout, stderr }: Output): Reporter {
  const isLive = stderr.isTTY === true;
  let hasLine = false;
  const endLine = () => {
    if (hasLine) stderr.write("\r\u001b[K");
    hasLine = false;
  };
  return {
    progress: (progress) => {
      // A log file wants no thousand lines.
      if (!isLive) return;
      stderr.write(`\r\u001b[K${describeProgress(progress)}`);
      hasLine = true;
    },
    result: (_data, lines) => {
      endLine();
      stdout.write(lines.map((line) => `${line}\n`).join(""));
    },
    error: ({ code, message }) => {
      endLine();
      stderr.write(`spectral: ${message} [${code}]\n`);
    },
  };
}

/** Such as `drawing scale 3: 40 of 64, 12 s left` or `upscaling: 3.1 of 24.0 MP, 1.20 MP/s, 18 s left`. */
export function describeProgress(progress: Progress): string {
  const { stage, scale, done, total, secondsLeft, rate } = progress;
  const where = scale === null ? "" : ` scale ${scale}`;
  const left = secondsLeft === null ? "" : `, ${Math.ceil(secondsLeft)} s left`;
  if (rate?.unit === "megapixels") {
    const megapixels = (pixels: number) => (pixels / 1e6).toFixed(1);
    const speed = `${rate.value.toFixed(2)} MP/s`;
    return `${stage}${where}: ${megapixels(done)} of ${megapixels(total)} MP, ${speed}${left}`;
  }
  return `${stage}${where}: ${Math.floor(done)} of ${Math.ceil(total)}${left}`;
}
