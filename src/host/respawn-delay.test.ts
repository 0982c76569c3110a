import { expect, test } from "vitest";
import { RespawnDelay } from "./respawn-delay";

test("a single death costs no wait, repeated ones ever more, up to a limit", () => {
  const delay = new RespawnDelay();
  const waits = [0, 1, 2, 3, 4, 5, 6].map((second) => delay.afterDeath(second * 1_000));
  expect(waits).toEqual([0, 250, 1_000, 4_000, 10_000, 10_000, 10_000]);
});

test("deaths of long ago are forgiven", () => {
  const delay = new RespawnDelay();
  expect([0, 100, 70_000, 140_000].map((atMs) => delay.afterDeath(atMs))).toEqual([0, 250, 0, 0]);
});
