import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { reportsFolder } from "./project";
import { nodeTool, runCommand } from "./run-command";
import type { Suite } from "./suite";
import { brokenSuite } from "./tally";
import { failuresOfVitest, readVitestReport } from "./vitest-report";

/** One project of vitest.config.ts as a suite. */
export function vitestSuite(project: "unit" | "contract" | "e2e"): Suite {
  return {
    name: `tests: ${project}`,
    async run() {
      const reportFile = join(reportsFolder, `vitest-${project}.json`);
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
        ]),
      );
      try {
        const report = await readFile(reportFile, "utf8");
        const tally = readVitestReport(report);
        const isSilentFailure = code !== 0 && tally.failed === 0;
        return {
          tally: isSilentFailure ? { ...tally, failed: 1 } : tally,
          seconds,
          remark: problem,
          failures: failuresOfVitest(report),
        };
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return { tally: brokenSuite, seconds, remark: problem ?? `no usable report: ${reason}` };
      }
    },
  };
}
