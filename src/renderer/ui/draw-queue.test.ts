import { describe, expect, it } from "vitest";
import { DrawQueue } from "./draw-queue.js";

/** Frames that the test begins, and drawings that take 2 ms each. */
function setUp() {
  let frame: (() => void) | null = null;
  let now = 0;
  const drawn: number[] = [];
  const queue = new DrawQueue({ nextFrame: (run) => (frame = run), now: () => now });
  const add = (index: number) =>
    queue.add(() => {
      drawn.push(index);
      now += 2;
    });
  const nextFrame = () => {
    const run = frame;
    frame = null;
    run?.();
    return run !== null;
  };
  return { add, drawn, nextFrame };
}

describe("queue of small pictures", () => {
  it("draws a few a frame, in order, until all are there", () => {
    const { add, drawn, nextFrame } = setUp();
    for (let index = 0; index < 8; index++) add(index);
    expect(drawn).toEqual([]);
    nextFrame();
    expect(drawn).toEqual([0, 1, 2]);
    while (nextFrame());
    expect(drawn).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(nextFrame()).toBe(false);
  });

  it("draws nothing that was taken back", () => {
    const { add, drawn, nextFrame } = setUp();
    add(0);
    add(1)();
    nextFrame();
    expect(drawn).toEqual([0]);
  });
});
