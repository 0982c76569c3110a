import { afterEach, expect, it, vi } from "vitest";
import { findChromium, launchChromium } from "./chromium";

afterEach(() => {
  vi.unstubAllEnvs();
});

it("brings a browser that renders a page", async () => {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.setContent("<h1>Spectral</h1><canvas></canvas>");
    expect(await page.getByRole("heading").textContent()).toBe("Spectral");
    const hasCanvas = await page.evaluate(
      () => document.querySelector("canvas")?.getContext("2d") !== null,
    );
    expect(hasCanvas).toBe(true);
  } finally {
    await browser.close();
  }
});

it("says what to do when CHROME_PATH names nothing that can run", async () => {
  vi.stubEnv("CHROME_PATH", "/no/such/browser");
  await expect(findChromium()).rejects.toThrow(/CHROME_PATH.*\/no\/such\/browser.*unset/);
});
