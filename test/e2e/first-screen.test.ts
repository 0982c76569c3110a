import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { afterEach, describe, expect, it } from "vitest";
import { openStudio, sample, screenshot, type Studio, type StudioOptions } from "./studio";

let studio: Studio | null = null;

async function open(options: StudioOptions = {}): Promise<Studio> {
  studio = await openStudio(options);
  return studio;
}

afterEach(async () => {
  await studio?.close();
  studio = null;
});

describe("the first screen", () => {
  it.each(["light", "dark"] as const)(
    "has no accessibility violations in the %s theme",
    async (colorScheme) => {
      const { page } = await open({ colorScheme, picturePath: sample("tea-garden-1280x853.jpg") });
      await page.locator(".canvas > .frame").waitFor();
      await screenshot(page, `first-screen-${colorScheme}`);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    },
  );

  it("opens a picture by the dialog, after saying what was wrong with bad files", async () => {
    const { page, problems } = await open();
    const folder = await mkdtemp(join(tmpdir(), "spectral-bad-"));
    try {
      await screenshot(page, "empty");
      const bad = { "empty.png": "", "letter.jpg": "Dear editor, this is no picture." };
      for (const [name, content] of Object.entries(bad)) {
        await writeFile(join(folder, name), content);
        await chooseFile(studio, join(folder, name));
        await page.getByRole("alert").filter({ hasText: name }).waitFor();
      }
      await screenshot(page, "bad-files");
      await chooseFile(studio, sample("planet-alpha-1200x500.png"));
      await page.locator(".canvas > .frame").waitFor();
      await screenshot(page, "alpha");
      expect(problems).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("refuses injected markup and script", async () => {
    const { page } = await open();
    const refused = await page.evaluate(() => {
      try {
        document.body.insertAdjacentHTML("beforeend", "<img id='injected' src='x'>");
        return document.getElementById("injected") === null;
      } catch {
        return true;
      }
    });
    expect(refused).toBe(true);
  });
});

async function chooseFile(current: Studio | null, path: string): Promise<void> {
  if (current === null) throw new Error("Expected an open studio.");
  const [chooser] = await Promise.all([
    current.page.waitForEvent("filechooser"),
    current.page.getByRole("button", { name: /^Open/ }).first().click(),
  ]);
  await chooser.setFiles(path);
}
