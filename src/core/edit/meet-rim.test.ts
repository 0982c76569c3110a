import { describe, expect, it } from "vitest";
import { meetRim } from "./meet-rim.js";
import { createPatchField, type PatchLevel } from "./patch-search.js";
import { PixelRole } from "./texture-window.js";

const SIDE = 32;

/** Known pixels of 0.5 with a darker corner to copy from, around a square of targets. */
function levelWithHole(corner: number, filled: number): PatchLevel {
  const roles = new Uint8Array(SIDE * SIDE).fill(PixelRole.example);
  const colours = new Float32Array(3 * SIDE * SIDE);
  for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
    const [x, y] = [pixel % SIDE, Math.floor(pixel / SIDE)];
    const isTarget = x >= 14 && x < 22 && y >= 14 && y < 22;
    if (isTarget) roles[pixel] = PixelRole.target;
    colours.fill(isTarget ? filled : x < 8 && y < 8 ? corner : 0.5, 3 * pixel, 3 * pixel + 3);
  }
  const weights = { guideWeight: 0, meanWeight: 1, stride: 1 };
  return { width: SIDE, height: SIDE, roles, colours, guide: colours, ...weights };
}

function met(corner: number, filled: number) {
  const level = levelWithHole(corner, filled);
  const before = level.colours.slice();
  const field = createPatchField(level);
  for (const middle of field.middles) field.found[middle] = 3 * SIDE + 3;
  meetRim(level, field);
  return { level, before };
}

describe("meeting the rim", () => {
  it("shifts what was filled in by what its patches lack beside it, and nothing else", () => {
    const { level, before } = met(0.3, 0.3);
    for (const [pixel, role] of level.roles.entries()) {
      const isTarget = role === PixelRole.target;
      if (isTarget) expect(level.colours[3 * pixel]).toBeCloseTo(0.5, 4);
      else expect(level.colours[3 * pixel]).toBe(before[3 * pixel]);
    }
  });

  it("takes no step for light that no light could make", () => {
    const { level } = met(-0.9, -0.9);
    const middle = 3 * (18 * SIDE + 18);
    expect(level.colours[middle]).toBeCloseTo(-0.6, 4);
  });
});
