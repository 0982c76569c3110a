import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  expectAccessible,
  maskPart,
  redrawButton,
  setVariations,
  waitForResult,
  watchCalls,
} from "./job-helpers";
import { dismissTour } from "./mask-helpers";
import { openStudio, resultBar, sample, screenshot, type Studio } from "./studio";

let studio: Studio;
let configDir: string;
let calls: readonly unknown[];

beforeAll(async () => {
  configDir = await mkdtemp(join(tmpdir(), "spectral-prompt-"));
  studio = await openStudio({ picturePath: sample("wren-512x512.jpg"), configDir });
  calls = watchCalls(studio.page, "startJob");
  await dismissTour(studio.page);
  await maskPart(studio.page);
});
afterAll(async () => {
  await studio.close();
  await rm(configDir, { recursive: true });
});

describe("prompting", () => {
  it("sends everything that was set, by keys alone", async () => {
    const { page } = studio;
    const prompt = page.getByRole("textbox", { name: "Prompt", exact: true });
    await prompt.fill("green leaves in the sun");
    await page.getByRole("button", { name: "Add what to avoid" }).press("Enter");
    await page.getByRole("textbox", { name: "Avoid" }).fill("snow");
    await page.getByRole("button", { name: "Advanced" }).press("Enter");
    await page.getByRole("slider", { name: "Strength" }).press("ArrowLeft");
    await page.getByRole("slider", { name: "Guidance" }).press("Home");
    await page.getByRole("slider", { name: "Guidance" }).press("ArrowRight");
    await page.getByRole("slider", { name: "Temperature" }).press("Home");
    await page.getByRole("button", { name: "By scale" }).press("Enter");
    await page.getByRole("switch", { name: /^128 × 128/ }).press("Space");
    await setVariations(page, 2);
    await page.getByRole("textbox", { name: "Seed" }).fill("1234");
    await page.getByRole("textbox", { name: "Seed" }).press("Tab");
    await screenshot(page, "prompt-everything");
    await prompt.press("Enter");
    await expect.poll(() => calls.length).toBe(1);
    expect(calls[0]).toMatchObject({
      prompt: "green leaves in the sun",
      negativePrompt: "snow",
      strength: 0.95,
      guidance: 1.25,
      temperature: 0,
      seed: 1234,
      variations: 2,
      scaleSampling: [null, null, null, null, { temperature: 0 }],
    });
    await waitForResult(page);
  });

  it("draws a new seed for each run unless it is locked", async () => {
    const { page } = studio;
    const seed = page.getByRole("textbox", { name: "Seed" });
    expect(
      await page.getByRole("button", { name: "Keep this seed" }).getAttribute("aria-pressed"),
    ).toBe("true");
    await page.getByRole("button", { name: "New seed" }).click();
    expect(await seed.inputValue()).not.toBe("1234");
    const rolled = await seed.inputValue();
    await page.getByRole("button", { name: "Keep this seed" }).click();
    await setVariations(page, 1);
    await resultBar(page).getByRole("button", { name: "Discard" }).click();
    await redrawButton(page).click();
    await expect.poll(() => calls.length).toBe(2);
    expect(await seed.inputValue()).not.toBe(rolled);
    await waitForResult(page);
    await resultBar(page).getByRole("button", { name: "Discard" }).click();
  });

  it("remembers prompts and presets beyond the page", async () => {
    const { page } = studio;
    const prompt = page.getByRole("textbox", { name: "Prompt", exact: true });
    const library = page.getByRole("button", { name: "Prompts of before and presets" });
    await library.click();
    await page.getByRole("textbox", { name: "Name of the preset" }).fill("Leaves");
    await page.getByRole("textbox", { name: "Name of the preset" }).press("Enter");
    await page.getByRole("button", { name: "Delete the preset Leaves" }).waitFor();
    await screenshot(page, "prompt-library");
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await page.reload();
    await page.getByRole("application", { name: "Picture" }).waitFor();
    expect(await prompt.inputValue()).toBe("");
    await library.click();
    await page.getByRole("button", { name: "Leaves green leaves in the sun" }).click();
    expect(await prompt.inputValue()).toBe("green leaves in the sun");
    await prompt.fill("");
    await library.click();
    await page.getByRole("button", { name: "green leaves in the sun", exact: true }).click();
    expect(await prompt.inputValue()).toBe("green leaves in the sun");
    await library.click();
    await page.getByRole("button", { name: "Delete the preset Leaves" }).click();
    await page.getByRole("button", { name: "Forget all" }).click();
    await page.getByText("Prompts that you use appear here.").waitFor();
    await page.keyboard.press("Escape");
  });

  it("did all of it without an error or a violation of the content security policy", () => {
    expect(studio.problems).toEqual([]);
  });
});
