import { expect, it } from "vitest";
import { describeFactor, type Row } from "./report.js";

const row = (name: string, psnr: number, seconds: number, operations: number | null): Row => ({
  name,
  measurements: [
    { psnr, ssim: 0.8, blockError: 0, seconds },
    { psnr: psnr + 2, ssim: 0.9, blockError: 3, seconds: 3 * seconds },
  ],
  operations,
  peakBytes: 200e6,
});

const page = (rows: readonly Row[]) =>
  describeFactor({ factor: 2, rows, matMul: 100e9, strip: { file: "strip.jpg", columns: ["a"] } });

it("a row tells means, the worst error, and times as ratios", () => {
  const text = page([row("Spectral, best", 30, 1, 50e9), row("esrgan-medium", 28, 4, null)]);
  expect(text).toContain("| Spectral, best | 31.00 | 0.8500 | 3.0 | 0.25 | 1.0 | 4.0 | 200 |");
  expect(text).toContain("| esrgan-medium | 29.00 | 0.8500 | 3.0 | 1.0 | 4.0 |  | 200 |");
  expect(text).toContain("4.0 times the speed of esrgan-medium");
});

it("says so when we are worse", () => {
  const text = page([row("Spectral, best", 30, 1, null), row("esrgan-thick + P", 30.5, 9, null)]);
  expect(text).toContain("PSNR 0.50 dB below and SSIM 0.0000 above esrgan-thick + P");
  expect(text).toContain("PSNR not below it on 0 of 2 pictures");
});

it("does without the networks to compare with", () => {
  const text = page([row("Spectral, best", 30, 1, null)]);
  expect(text).toContain("| Spectral, best | 31.00 | 0.8500 | 3.0 |  | 1.0 |  | 200 |");
});
