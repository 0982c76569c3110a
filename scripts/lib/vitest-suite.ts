import { mkdir, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { projectRoot, reportsFolder } from "./project";
import { nodeTool, runCommand } from "./run-command";
import type { Suite } from "./suite";
import { brokenSuite } from "./tally";
import { readVitestReport, tallyAfterRepeat, type VitestOutcome } from "./vitest-report";

export type VitestProject = "unit" | "contract" | "e2e";

interface Run {
  /** Null if no usable report was written. */
  readonly outcome: VitestOutcome | null;
  readonly seconds: number;
  readonly remark: string | null;
}

async function runVitest(
  project: VitestProject,
  report: string,
  files: readonly string[] = [],
): Promise<Run> {
  const reportFile = join(reportsFolder, report);
  await mkdir(reportsFolder, { recursive: true });
  // A report of an earlier run must not speak for one that crashed.
  await rm(reportFile, { force: true });
  const { code, problem, seconds } = await runCommand(
    nodeTool("vitest/vitest.mjs", [
      "run",
      `--project=${project}`,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${reportFile}`,
      ...files,
    ]),
  );
  try {
    const outcome = readVitestReport(await readFile(reportFile, "utf8"));
    const isSilentFailure = code !== 0 && outcome.tally.failed === 0;
    const tally = isSilentFailure ? { ...outcome.tally, failed: 1 } : outcome.tally;
    return { outcome: { ...outcome, tally }, seconds, remark: problem };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { outcome: null, seconds, remark: problem ?? `no usable report: ${reason}` };
  }
}

/**
 * One project of vitest.config.ts as a suite.
 *
 * @param isRepeated true where real browsers and processes race with each other: files that fail
 *   run once more, and what passes only then is named in the summary as unsteady, to be mended
 */
export function vitestSuite(project: VitestProject, { isRepeated = false } = {}): Suite {
  return {
    name: `tests: ${project}`,
    async run() {
      const { outcome, seconds, remark } = await runVitest(project, `vitest-${project}.json`);
      if (outcome === null) return { tally: brokenSuite, seconds, remark };
      const { tally, failures, failedFiles } = outcome;
      const first = { tally, failures, seconds, remark };
      if (!isRepeated || failedFiles.length === 0) return first;
      const files = failedFiles.map((file) => relative(projectRoot, file));
      const repeat = await runVitest(project, `vitest-${project}-repeat.json`, files);
      const repeated = repeat.outcome && tallyAfterRepeat(outcome, repeat.outcome);
      if (repeat.outcome === null || repeated === null) return first;
      return {
        tally: repeated,
        failures: repeat.outcome.failures,
        unsteady: failures,
        seconds: seconds + repeat.seconds,
        remark: repeat.remark ?? remark,
      };
    },
  };
}
