import { expect, it } from "vitest";
import { freeEnlarger, smallModel } from "../../test/fixtures/screen-data.js";
import { describeAbilities, describeData } from "./describe-abilities.js";

const raster = { ...smallModel.layout, imageSize: 256, levels: 0, scales: 1 };

it("says only the size and the scales of a model that can do everything", () => {
  const layout = { ...smallModel.layout, imageSize: 128, levels: 4, scales: 5 };
  expect(describeAbilities({ ...smallModel, layout, canEnlarge: true })).toBe("128 px, 5 scales");
});

it("says plainly what a raster cannot do", () => {
  expect(describeAbilities({ ...smallModel, layout: raster, canEnlarge: false })).toBe(
    "256 px, 1 scale (nothing can be frozen), does not enlarge",
  );
});

it("names the classes of a model, the first ones of many", () => {
  const few = describeAbilities({ ...smallModel, classes: ["beach", "forest"] });
  expect(few).toContain("prompts are classes: beach, forest");
  const many = Array.from({ length: 1000 }, (_, index) => `class ${index}`);
  expect(describeAbilities({ ...smallModel, classes: many })).toMatch(/class 7 and 992 more$/);
});

it("says of a model that only enlarges just that, and what any was trained on", () => {
  expect(describeAbilities(freeEnlarger)).toBe("enlarges only (2x, 4x)");
  expect(describeData(freeEnlarger)).toBe("trained on Free photos (1200 photos, CC0 1.0)");
  expect(describeData(smallModel)).toBe("");
});
