import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterEach, expect, it } from "vitest";
import { readPicture } from "../../src/engine/index";
import { DocumentStore } from "../../src/engine/store/document-store";
import { createSessionFolder } from "../../src/host/session-folder";
import { debugModelsDir } from "../engine/debug-bundle";
import { browserLooks } from "./browser-looks";
import { axeViolations, dropFiles, eventually, tabNames, waitForPicture } from "./document-helpers";
import { openStudio, sample, screenshot, type Studio } from "./studio";

const WREN = sample("wren-512x512.jpg");
const DUNE = sample("desert-dune-640x427.png");

let studio: Studio | null = null;
let folder = "";
afterEach(async () => {
  await studio?.close();
  await rm(folder, { recursive: true, force: true });
});

/** What a host that was killed leaves: a session folder with a picture, and nobody in it. */
async function leaveSession(parentDir: string): Promise<void> {
  const session = createSessionFolder(parentDir);
  const picture = await readPicture(Uint8Array.from(await readFile(DUNE)), "lost.png", {});
  const facts = { name: "lost.png", kind: "open", label: "Open", recipe: null } as const;
  await new DocumentStore(session.path).add({ ...facts, ...picture });
  session.release();
}

const close = async (page: Page): Promise<void> => {
  await page.keyboard.press("Escape");
  await page.locator("[role=dialog], [role=menu]").first().waitFor({ state: "detached" });
};

/** Each screen of a document's life: how to get there from two open pictures, and back. */
const screens: readonly (readonly [string, (page: Page) => Promise<unknown>])[] = [
  [
    "save",
    async (page) => {
      await page.keyboard.press("Control+s");
      await page.getByText(/exactly$/).waitFor({ timeout: 60_000 });
    },
  ],
  ["history", (page) => page.getByRole("button", { name: "History" }).click()],
  ["recents", (page) => page.getByRole("button", { name: "Recent files" }).click()],
  ["recover", (page) => page.getByRole("button", { name: "Show them" }).click()],
  [
    "batch",
    async (page) => {
      await page.keyboard.press("Control+Shift+KeyU");
      await page.getByRole("dialog", { name: "Batch upscale" }).waitFor();
      await dropFiles(page, [WREN, DUNE, DUNE]);
    },
  ],
];

it.each([
  ["light", 1280, 800],
  ["dark", 1920, 1080],
  ["light", 1920, 1080],
] as const)(
  "has no accessibility violations and no browser's look in the %s theme at %i x %i",
  async (colorScheme, width, height) => {
    folder = await mkdtemp(join(tmpdir(), "spectral-screens-"));
    await leaveSession(join(folder, "sessions"));
    await writeFile(
      join(folder, "recents.json"),
      JSON.stringify([{ path: DUNE, openedAt: Date.UTC(2026, 4, 17, 9, 30) }]),
    );
    studio = await openStudio({
      colorScheme,
      viewport: { width, height },
      configDir: folder,
      modelsDir: debugModelsDir,
      reducedMotion: "reduce",
    });
    const { page, problems } = studio;
    const name = (screen: string) => `documents-${screen}-${width}-${colorScheme}`;
    await page.getByRole("region", { name: "Recent files" }).waitFor();
    await page.getByRole("region", { name: "Recover pictures" }).waitFor();
    await screenshot(page, name("start"));
    const check = async () => [...(await axeViolations(page)), ...(await browserLooks(page))];
    const found: Record<string, string[]> = { start: await check() };
    await dropFiles(page, [WREN, DUNE]);
    await eventually(async () => (await tabNames(page)).length).toBe(2);
    await waitForPicture(page);
    await screenshot(page, name("tabs"));
    found["tabs"] = await check();
    for (const [screen, open] of screens) {
      await open(page);
      await page.locator("[role=dialog], [role=menu]").first().waitFor();
      await screenshot(page, name(screen));
      found[screen] = await check();
      await close(page);
    }
    expect(Object.entries(found).filter(([, violations]) => violations.length > 0)).toEqual([]);
    expect(problems).toEqual([]);
  },
);
