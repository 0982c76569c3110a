import { z } from "zod";
import { failureLine, type Tally } from "./tally";

const vitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  success: z.boolean(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({
          status: z.string(),
          fullName: z.string().optional(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});
type FileResult = z.infer<typeof vitestReport>["testResults"][number];

/** What a run of Vitest came to. */
export interface VitestOutcome {
  readonly tally: Tally;
  /** The failed tests, a line each: file, test, and what its message begins with. */
  readonly failures: readonly string[];
  /** Files with a failed test, or that failed outside of their tests. */
  readonly failedFiles: readonly string[];
  /** The other tests of those files. */
  readonly besideFailures: Pick<Tally, "passed" | "skipped">;
}

/**
 * Counts Vitest's JSON report.
 *
 * A file that fails outside of its tests (an import that throws, a failing hook) has no failed test
 * in the report and is counted as one failure, and so is a run that failed for no reason shown
 * (an unhandled rejection). Without this a suite could go green by not running.
 */
export function readVitestReport(json: string): VitestOutcome {
  const report = vitestReport.parse(JSON.parse(json));
  const failedFiles = report.testResults.filter(({ status }) => status === "failed");
  const brokenFiles = failedFiles.filter((file) => countOf(file, "failed") === 0).length;
  const failed = report.numFailedTests + brokenFiles;
  const passedBeside = sum(failedFiles.map((file) => countOf(file, "passed")));
  const allBeside = sum(failedFiles.map(({ assertionResults }) => assertionResults.length));
  return {
    tally: {
      passed: report.numPassedTests,
      failed: failed === 0 && !report.success ? 1 : failed,
      skipped: report.numPendingTests + report.numTodoTests,
    },
    failures: failedFiles.flatMap(failureLines),
    failedFiles: failedFiles.map(({ name }) => name),
    besideFailures: {
      passed: passedBeside,
      skipped: allBeside - passedBeside - report.numFailedTests,
    },
  };
}

/**
 * The tally after the failed files ran once more, alone and from their beginning; null where a
 * second run says nothing about the first, which failed for a reason outside of any file.
 */
export function tallyAfterRepeat(first: VitestOutcome, repeat: VitestOutcome): Tally | null {
  if (first.failures.length !== first.tally.failed) return null;
  return {
    passed: first.tally.passed - first.besideFailures.passed + repeat.tally.passed,
    failed: repeat.tally.failed,
    skipped: first.tally.skipped - first.besideFailures.skipped + repeat.tally.skipped,
  };
}

function failureLines({ name, message, assertionResults }: FileResult): string[] {
  const failed = assertionResults.filter(({ status }) => status === "failed");
  if (failed.length === 0) return [failureLine(name, "(outside of its tests)", message)];
  return failed.map(({ fullName, failureMessages }) =>
    failureLine(name, fullName ?? "", failureMessages?.[0]),
  );
}

const countOf = ({ assertionResults }: FileResult, status: string): number =>
  assertionResults.filter((result) => result.status === status).length;

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
