import { expect, test } from "vitest";
import { countMemoryKills, engineDied, isMemoryDeath } from "./death-cause";

test("a kill counts as lack of memory only if the system says that it ended somebody for it", () => {
  for (const kill of ["signal SIGKILL", "exit code 9", "exit code 137"]) {
    expect(isMemoryDeath(kill, 1)).toBe(true);
    expect(isMemoryDeath(kill, 0)).toBe(false);
  }
  expect(isMemoryDeath("signal SIGSEGV", 1)).toBe(false);
  expect(isMemoryDeath("exit code 7", 1)).toBe(false);
  expect(isMemoryDeath("no sign of life for 30 s", 1)).toBe(false);
});

test("Windows tells lack of memory by the exit code, signed or not", () => {
  for (const code of [0xc000_0017, 0xc000_0017 | 0, 0xe000_0008, 0xe000_0008 | 0]) {
    expect(isMemoryDeath(`exit code ${code}`, 0)).toBe(true);
  }
  expect(isMemoryDeath("exit code 1", 0)).toBe(false);
});

test("the failure says which of the two it was", () => {
  expect(engineDied("signal SIGKILL", true)).toMatchObject({ code: "OUT_OF_MEMORY" });
  expect(engineDied("exit code 1")).toMatchObject({
    code: "ENGINE_DIED",
    details: { reason: "exit code 1" },
  });
});

test("the count of such ends never goes back", () => {
  expect(countMemoryKills()).toBeGreaterThanOrEqual(0);
});
