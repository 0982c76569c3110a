import fc from "fast-check";
import { expect, test } from "vitest";
import { planOutputs } from "./plan-outputs.js";

const inputs = (...names: string[]) =>
  names.map((relative) => ({ path: `/in/${relative}`, relative }));

test("a result is named like its picture, in the same folder, with the format's extension", () => {
  expect(planOutputs(inputs("a.jpg", "sub/b.c.tif"), "png").map(({ output }) => output)).toEqual([
    "a.png",
    "sub/b.c.png",
  ]);
});

test("pictures that differ by extension only keep theirs, so that neither result is lost", () => {
  expect(planOutputs(inputs("a.jpg", "A.png", "b.jpg"), "png").map(({ output }) => output)).toEqual(
    ["a.jpg.png", "A.png.png", "b.png"],
  );
});

test("no two results have the same name, not even where case does not count", () => {
  const name = fc.constantFrom("a", "A", "b", "sub/a", "a.b");
  const extension = fc.constantFrom("png", "jpg", "PNG", "tif");
  const files = fc.array(
    fc.tuple(name, extension).map(([stem, ending]) => `${stem}.${ending}`),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(files, (names) => {
      const outputs = planOutputs(inputs(...names), "png").map(({ output }) =>
        output.toLowerCase(),
      );
      expect(new Set(outputs).size).toBe(outputs.length);
    }),
  );
});
