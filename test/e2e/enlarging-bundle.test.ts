import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { debugModelId, debugModelsDir } from "../engine/debug-bundle";
import { writeEnlargingBundle } from "../engine/enlarging-bundle";
import { openSettings } from "./app-screens";
import { JOB_TIMEOUT_MS, waitForResult, watchCalls } from "./job-helpers";
import { dismissTour } from "./mask-helpers";
import { openStudio, sample, screenshot, type Studio } from "./studio";

const FREE = "upscale-free";

let studio: Studio;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectral-enlarging-"));
  const modelsDir = join(folder, "models");
  await cp(join(debugModelsDir, debugModelId), join(modelsDir, debugModelId), { recursive: true });
  await writeEnlargingBundle(modelsDir, FREE, (manifest) => ({
    ...manifest,
    enlarge: manifest.enlarge.filter(({ speed, factor }) => speed === "best" && factor < 8),
  }));
  studio = await openStudio({
    modelsDir,
    configDir: join(folder, "config"),
    picturePath: sample("flowers-96x64.jpg"),
  });
  await dismissTour(studio.page);
});
afterAll(async () => {
  await studio.close();
  await rm(folder, { recursive: true, force: true });
});

it(
  "a bundle that only enlarges is chosen in the upscale panel, and the other one goes on drawing",
  { timeout: JOB_TIMEOUT_MS },
  async () => {
    const { page } = studio;
    const status = page.getByRole("contentinfo", { name: "Status" });
    await page.getByRole("radio", { name: "Upscale", exact: true }).click();
    const preview = page.getByRole("region", { name: "Preview" });
    const time = page.getByText("known after a preview");
    await time.waitFor();
    await preview.getByRole("button").click();
    await preview.getByText("After").waitFor();
    await time.waitFor({ state: "hidden" });
    await page.getByRole("radio", { name: "Fast", exact: true }).click();
    // Of another network: neither its pixels nor its time are this one's.
    await preview.getByText("After").waitFor({ state: "hidden" });
    await time.waitFor();
    const detail = page.getByRole("slider", { name: "Detail" });
    await detail.focus();
    await detail.press("End");
    const factor = (name: string) => page.getByRole("radio", { name, exact: true });
    await factor("×8").click();
    await page.getByText("768 × 512", { exact: true }).waitFor();
    await page.getByLabel("Model", { exact: true }).click();
    await page.getByRole("option", { name: /Upscale, free/ }).click();
    await page.getByText("This model only enlarges. Choose another one to draw detail.").waitFor();
    // Neither a factor that it lacks nor the last choice, which would be one.
    await page.getByText("This model does not enlarge by ×8.").waitFor();
    await page.getByText("384 × 256", { exact: true }).waitFor();
    expect(await factor("×8").count()).toBe(0);
    expect(await factor("×4").getAttribute("aria-checked")).toBe("true");
    await factor("×2").click();
    expect(await detail.count()).toBe(0);
    expect(await page.getByRole("radio", { name: "Fast", exact: true }).count()).toBe(0);
    await screenshot(page, "upscale-enlarging-bundle");
    const calls = watchCalls(page, "startJob");
    await page.getByRole("button", { name: "Upscale", exact: true }).click();
    await waitForResult(page);
    expect(calls).toMatchObject([{ kind: "upscale", modelId: FREE, creativity: 0 }]);
    expect(await status.textContent()).toContain("Upscale, free");

    await page.getByRole("radio", { name: "Redraw", exact: true }).click();
    expect(await status.textContent()).toContain("Debug fixture");
    const dialog = await openSettings(page, "Models");
    const free = dialog.getByRole("listitem").filter({ hasText: "Upscale, free" });
    await free.getByText("In use for upscaling").waitFor();
    await free.getByText(/Licence CC0 1\.0 · .* · Only enlarges/).waitFor();
    await free.getByText("Trained on Free photos (CC0 1.0)").waitFor();
    await screenshot(page, "settings-enlarging-bundle");
    expect(studio.problems).toEqual([]);
  },
);
