import { expect, test } from "vitest";
import { eventSchemas } from "../shared/events";
import { createJsonReporter, createTextReporter, describeProgress } from "./reporter";

const progress = eventSchemas["job-progress"].parse({
  jobId: "job-1",
  stage: "drawing",
  scale: 3,
  done: 40,
  total: 64,
  secondsLeft: 11.2,
});
const error = { code: "MASK_EMPTY", message: "Paint first.", details: { pixels: 0 } } as const;

function record(isTTY: boolean) {
  const texts = { out: "", err: "" };
  const output = {
    stdout: { write: (text: string) => (texts.out += text) },
    stderr: { write: (text: string) => (texts.err += text), isTTY },
  };
  return { texts, output };
}

test("JSON goes to standard output, one object a line, and nothing elsewhere", () => {
  const { texts, output } = record(true);
  const reporter = createJsonReporter(output);
  reporter.progress(progress);
  reporter.result({ output: "/a/ü\n.png" }, ["for people"]);
  reporter.error(error, 3);
  expect(texts.err).toBe("");
  const lines = texts.out.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { type: "progress", ...progress },
    { type: "result", output: "/a/ü\n.png" },
    { type: "error", ...error, exitCode: 3 },
  ]);
});

test("people get results on standard output and one live line of progress beside it", () => {
  const { texts, output } = record(true);
  const reporter = createTextReporter(output);
  reporter.progress(progress);
  expect(texts.err).toContain("drawing scale 3: 40 of 64, 12 s left");
  reporter.result({}, ["done", "twice"]);
  reporter.error(error, 3);
  expect(texts.out).toBe("done\ntwice\n");
  expect(texts.err.endsWith("\r\u001b[Kspectral: Paint first. [MASK_EMPTY]\n")).toBe(true);
});

test("an upscale tells megapixels and how many of them it makes a second", () => {
  const rate = { value: 1.204, unit: "megapixels" as const };
  const upscaling = { ...progress, stage: "upscaling" as const, scale: null, rate };
  expect(describeProgress({ ...upscaling, done: 3_140_000, total: 24_000_000 })).toBe(
    "upscaling: 3.1 of 24.0 MP, 1.20 MP/s, 12 s left",
  );
});

test("a log file gets no progress and no control characters", () => {
  const { texts, output } = record(false);
  const reporter = createTextReporter(output);
  reporter.progress(progress);
  reporter.error(error, 3);
  expect(texts.err).toBe("spectral: Paint first. [MASK_EMPTY]\n");
});
