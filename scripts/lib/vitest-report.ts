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

/**
 * Counts Vitest's JSON report.
 *
 * A file that fails outside of its tests (an import that throws, a failing hook) has no failed test
 * in the report and is counted as one failure, and so is a run that failed for no reason shown
 * (an unhandled rejection). Without this a suite could go green by not running.
 */
export function readVitestReport(json: string): Tally {
  const report = vitestReport.parse(JSON.parse(json));
  const brokenFiles = report.testResults.filter(
    (file) =>
      file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed"),
  ).length;
  const failed = report.numFailedTests + brokenFiles;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && !report.success ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** The failed tests of a report, a line each: file, test, and what its first message begins with. */
export function failuresOfVitest(json: string): string[] {
  const report = vitestReport.parse(JSON.parse(json));
  return report.testResults
    .filter(({ status }) => status === "failed")
    .flatMap(({ name, message, assertionResults }) => {
      const failed = assertionResults.filter(({ status }) => status === "failed");
      if (failed.length === 0) return [failureLine(name, "(outside of its tests)", message)];
      return failed.map(({ fullName, failureMessages }) =>
        failureLine(name, fullName ?? "", failureMessages?.[0]),
      );
    });
}
