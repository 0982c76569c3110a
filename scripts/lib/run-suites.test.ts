import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { runSuites } from "./run-suites";
import type { Suite } from "./suite";

let lines: string[];

beforeEach(() => {
  lines = [];
  vi.spyOn(console, "log").mockImplementation((text: string) => {
    lines.push(text);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

const suite = (name: string, passed: number, skipped = 0): Suite => ({
  name,
  run: () => Promise.resolve({ tally: { passed, failed: 0, skipped }, seconds: 1, remark: null }),
});
const throwing: Suite = {
  name: "broken",
  run: () => Promise.reject(new Error("no such folder")),
};

it("adds all suites up in the very last line", async () => {
  await runSuites([suite("a", 2), suite("b", 3, 4)]);
  expect(lines.at(-1)).toBe("5 passed, 0 failed, 4 skipped");
});

it("counts a suite that throws as one failure, says why, and runs the others", async () => {
  const total = await runSuites([throwing, suite("b", 3)]);
  expect(total).toEqual({ passed: 3, failed: 1, skipped: 0 });
  expect(lines.join("\n")).toMatch(/FAILED\s+broken.*no such folder/);
  expect(lines.at(-1)).toBe("3 passed, 1 failed, 0 skipped");
});

it("names the failed tests before the table, where the end of a log still shows them", async () => {
  const failing: Suite = {
    name: "c",
    run: () =>
      Promise.resolve({
        tally: { passed: 1, failed: 1, skipped: 0 },
        seconds: 1,
        remark: null,
        failures: ["c.test.ts > works: no"],
        unsteady: ["c.test.ts > works: no", "c.test.ts > draws: late"],
      }),
  };
  await runSuites([failing, suite("b", 3)]);
  expect(lines.join("\n")).toMatch(/ran once more:\n.*works: no\n.*draws: late\n/);
  expect(lines.join("\n")).toMatch(/Failed:\nc\.test\.ts > works: no\n[^]*FAILED\s+c/);
});
