import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { failuresOfJunit, readJunitReport } from "./junit-report";
import { projectRoot, reportsFolder } from "./project";
import { runCommand } from "./run-command";
import type { Suite, SuiteResult } from "./suite";
import { brokenSuite } from "./tally";
import { findUv } from "./uv";

const testsFolder = join(projectRoot, "training/tests");
const reportFile = join(reportsFolder, "pytest.xml");

/** Test functions in the sources: what is left out when pytest is not asked. */
async function countTestFunctions(): Promise<number> {
  const files = (await readdir(testsFolder, { recursive: true })).filter((name) =>
    /(^|[\\/])test_[^\\/]*\.py$/.test(name),
  );
  const counts = await Promise.all(
    files.map(async (name) => {
      const source = await readFile(join(testsFolder, name), "utf8");
      return source.match(/^\s*def test_/gm)?.length ?? 0;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

async function runPytest(): Promise<SuiteResult> {
  const uv = await findUv();
  await mkdir(reportsFolder, { recursive: true });
  await rm(reportFile, { force: true });
  const synced = await runCommand({
    program: uv,
    args: ["sync", "--directory", "training", "--locked", "--quiet"],
  });
  if (synced.code !== 0) {
    const remark =
      "`uv sync` failed; see above, or set SPECTRAL_SKIP_TRAINING=1 to leave these tests out";
    return { tally: brokenSuite, seconds: synced.seconds, remark };
  }
  const tested = await runCommand({
    program: uv,
    args: ["run", "--directory", "training", "--no-sync", "pytest", `--junitxml=${reportFile}`],
  });
  const report = await readFile(reportFile, "utf8");
  const tally = readJunitReport(report);
  const isSilentFailure = tested.code !== 0 && tally.failed === 0;
  return {
    tally: isSilentFailure ? { ...tally, failed: 1 } : tally,
    seconds: synced.seconds + tested.seconds,
    remark: tested.problem,
    failures: failuresOfJunit(report),
  };
}

/**
 * The Python tests of `training/`. PyTorch is several gigabytes, so SPECTRAL_SKIP_TRAINING=1 leaves
 * them out; they are then counted as skipped, never forgotten.
 */
export const pythonSuite: Suite = {
  name: "tests: training (Python)",
  async run() {
    if (process.env["SPECTRAL_SKIP_TRAINING"] === "1") {
      return {
        tally: { passed: 0, failed: 0, skipped: await countTestFunctions() },
        seconds: 0,
        remark: "left out by SPECTRAL_SKIP_TRAINING=1",
      };
    }
    return runPytest();
  },
};
