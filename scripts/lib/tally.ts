/** How many tests of a suite ended how. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const emptyTally: Tally = { passed: 0, failed: 0, skipped: 0 };

/** A suite that could not run, or crashed without naming a failed test, is one failure. */
export const brokenSuite: Tally = { passed: 0, failed: 1, skipped: 0 };

export function addTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, tally) => ({
      passed: sum.passed + tally.passed,
      failed: sum.failed + tally.failed,
      skipped: sum.skipped + tally.skipped,
    }),
    emptyTally,
  );
}

/** The closing line: `12 passed, 0 failed, 3 skipped`. */
export function closingLine(tally: Tally): string {
  return `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`;
}

/** One failed test in one line of at most 300 characters. */
export function failureLine(file: string, test: string, message = ""): string {
  const [first = ""] = message.split("\n", 1);
  return `${file} > ${test}: ${first}`.slice(0, 300);
}
