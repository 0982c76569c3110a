import { describe, expect, it } from "vitest";
import { failuresOfJunit, readJunitReport } from "./junit-report";
import { addTallies, closingLine } from "./tally";
import { readVitestReport, tallyAfterRepeat } from "./vitest-report";

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
    expect(readVitestReport(report).tally).toEqual({ passed: 5, failed: 1, skipped: 3 });
  });

  it("counts a file that could not be loaded as a failure", () => {
    const report = vitest({
      numPassedTests: 3,
      success: false,
      testResults: [{ name: "a", status: "failed", assertionResults: [] }],
    });
    expect(readVitestReport(report).tally).toEqual({ passed: 3, failed: 1, skipped: 0 });
  });

  it("counts a run that failed without a failed test as a failure", () => {
    expect(readVitestReport(vitest({ numPassedTests: 3, success: false })).tally.failed).toBe(1);
  });

  it("names failed tests and broken files with the first line of their messages", () => {
    const report = vitest({
      success: false,
      testResults: [
        {
          name: "a.test.ts",
          status: "failed",
          assertionResults: [
            { status: "passed", fullName: "one works" },
            { status: "failed", fullName: "two works", failureMessages: ["Expected 3\n    at x"] },
          ],
        },
        { name: "b.test.ts", status: "failed", message: "No module", assertionResults: [] },
      ],
    });
    expect(readVitestReport(report).failures).toEqual([
      "a.test.ts > two works: Expected 3",
      "b.test.ts > (outside of its tests): No module",
    ]);
  });

  it("counts files that ran once more by their second run", () => {
    const file = (...statuses: string[]) => ({
      name: "a.test.ts",
      status: statuses.includes("failed") ? "failed" : "passed",
      assertionResults: statuses.map((status) => ({ status })),
    });
    const first = readVitestReport(
      vitest({
        numPassedTests: 12,
        numFailedTests: 2,
        numPendingTests: 3,
        success: false,
        testResults: [file("passed", "failed", "failed", "skipped"), file("passed")],
      }),
    );
    const second = (failed: number) =>
      readVitestReport(
        vitest({
          numPassedTests: 3 - failed,
          numFailedTests: failed,
          numPendingTests: 1,
          success: failed === 0,
          testResults: [file(...(failed > 0 ? ["failed"] : ["passed"]))],
        }),
      );
    expect(tallyAfterRepeat(first, second(0))).toEqual({ passed: 14, failed: 0, skipped: 3 });
    expect(tallyAfterRepeat(first, second(1))).toEqual({ passed: 13, failed: 1, skipped: 3 });
    const silent = readVitestReport(vitest({ numPassedTests: 3, success: false }));
    expect(tallyAfterRepeat(silent, second(0))).toBeNull();
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

  it("names failed tests with the first line of their messages", () => {
    const xml =
      '<testsuite tests="3"><testcase classname="t.a" name="one" time="1" /><testcase classname="t.a" name="two" time="1"><failure message="a &lt; b&#10;more">x</failure></testcase><testcase classname="t.b" name="three" time="1"><error message="no file">x</error></testcase></testsuite>';
    expect(failuresOfJunit(xml)).toEqual(["t.a > two: a < b", "t.b > three: no file"]);
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
