import { describe, expect, it } from "vitest";
import { readJunitReport } from "./junit-report";
import { addTallies, closingLine } from "./tally";
import { readVitestReport } from "./vitest-report";

const vitest = (overrides: object) =>
  JSON.stringify({
    numPassedTests: 0,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    success: true,
    testResults: [],
    ...overrides,
  });

describe("Vitest's report", () => {
  it("counts passed, failed, skipped and planned tests", () => {
    const report = vitest({
      numPassedTests: 5,
      numFailedTests: 1,
      numPendingTests: 2,
      numTodoTests: 1,
      success: false,
      testResults: [{ name: "a", status: "failed", assertionResults: [{ status: "failed" }] }],
    });
    expect(readVitestReport(report)).toEqual({ passed: 5, failed: 1, skipped: 3 });
  });

  it("counts a file that could not be loaded as a failure", () => {
    const report = vitest({
      numPassedTests: 3,
      success: false,
      testResults: [{ name: "a", status: "failed", assertionResults: [] }],
    });
    expect(readVitestReport(report)).toEqual({ passed: 3, failed: 1, skipped: 0 });
  });

  it("counts a run that failed without a failed test as a failure", () => {
    expect(readVitestReport(vitest({ numPassedTests: 3, success: false })).failed).toBe(1);
  });

  it("refuses what is not a report", () => {
    expect(() => readVitestReport("{}")).toThrow();
    expect(() => readVitestReport("")).toThrow();
  });
});

describe("a JUnit report", () => {
  it("counts errors as failures and takes skipped tests out of the passed", () => {
    const xml =
      '<?xml version="1.0"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="1.5"></testsuite></testsuites>';
    expect(readJunitReport(xml)).toEqual({ passed: 4, failed: 3, skipped: 3 });
  });

  it("refuses a report that was cut off", () => {
    expect(() => readJunitReport('<?xml version="1.0"?>')).toThrow(/Expected a <testsuite>/);
  });
});

it("adds suites into one closing line", () => {
  const sum = addTallies([
    { passed: 2, failed: 0, skipped: 1 },
    { passed: 40, failed: 1, skipped: 0 },
  ]);
  expect(closingLine(sum)).toBe("42 passed, 1 failed, 1 skipped");
});
