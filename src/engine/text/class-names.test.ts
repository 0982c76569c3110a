import { expect, it } from "vitest";
import { classOf } from "./class-names.js";

const names = ["beach", "city street", "forest", "snowy mountain"];

it("finds a class by its name, whatever the case and the marks", () => {
  expect(classOf("City-Street", names)).toBe(1);
  expect(classOf(" beach! ", names)).toBe(0);
});

it("takes the closest name for a prompt that has none", () => {
  expect(classOf("a quiet street in the evening", names)).toBe(1);
  expect(classOf("mountains with snow", names)).toBe(3);
  expect(classOf("forrest", names)).toBe(2);
});

it("takes no class for an empty prompt", () => {
  expect(classOf("  ", names)).toBeNull();
});

it("refuses a prompt that is like none of them, and names them", () => {
  expect(() => classOf("zzz", names)).toThrow(/beach, city street, forest, snowy mountain/);
});
