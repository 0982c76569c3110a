import type { Suite, SuiteResult } from "./suite";
import { addTallies, brokenSuite, closingLine, type Tally } from "./tally";

interface Outcome extends SuiteResult {
  readonly name: string;
}

function summaryLine({ name, tally, seconds, remark }: Outcome): string {
  const verdict = tally.failed > 0 ? "FAILED" : tally.passed > 0 ? "ok" : "skipped";
  const counts = `${closingLine(tally)} in ${seconds.toFixed(1)} s`;
  return `${verdict.padEnd(8)}${name.padEnd(38)}${counts}${remark === null ? "" : ` (${remark})`}`;
}

/** A suite that throws has failed; it must not take the closing line along. */
async function runWhole(suite: Suite): Promise<SuiteResult> {
  try {
    return await suite.run();
  } catch (error) {
    const remark = error instanceof Error ? error.message : String(error);
    return { tally: brokenSuite, seconds: 0, remark };
  }
}

function printList(title: string, lines: readonly string[]): void {
  if (lines.length > 0) console.log(`\n${title}:\n${lines.join("\n")}`);
}

/**
 * Runs suites one after another, all of them even when one fails: a person fixing things wants the
 * whole picture. Prints the failed tests, a table, then the closing line as the very last one.
 */
export async function runSuites(suites: readonly Suite[]): Promise<Tally> {
  const outcomes: Outcome[] = [];
  for (const suite of suites) {
    console.log(`\n--- ${suite.name}`);
    outcomes.push({ name: suite.name, ...(await runWhole(suite)) });
  }
  const total = addTallies(outcomes.map(({ tally }) => tally));
  printList(
    "Failed, and ran once more",
    outcomes.flatMap(({ unsteady = [] }) => unsteady),
  );
  printList(
    "Failed",
    outcomes.flatMap(({ failures = [] }) => failures),
  );
  console.log(`\n${outcomes.map(summaryLine).join("\n")}\n`);
  console.log(closingLine(total));
  return total;
}
