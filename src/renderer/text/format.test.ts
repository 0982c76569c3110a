import { describe, expect, it } from "vitest";
import { formatMegapixels, formatPercent, formatSeconds, formatTimeLeft } from "./format.js";

describe("formats", () => {
  it("shows percents whole from ten on and with one digit below", () => {
    expect([formatPercent(1), formatPercent(0.0625), formatPercent(16)]).toEqual([
      "100 %",
      "6.3 %",
      "1600 %",
    ]);
  });

  it("shows durations in the largest fitting unit", () => {
    expect([2.44, 12.4, 60, 80].map(formatSeconds)).toEqual([
      "2.4 s",
      "12 s",
      "1 min",
      "1 min 20 s",
    ]);
  });

  it("rounds a short time left up, so that it never promises too much", () => {
    expect([0.4, 1.2, 90].map(formatTimeLeft)).toEqual([
      "almost done",
      "2 s left",
      "1 min 30 s left",
    ]);
  });

  it("names megapixels only where there is one", () => {
    expect(formatMegapixels(640, 480)).toBeNull();
    expect(formatMegapixels(4000, 3000)).toBe("12 MP");
  });
});
