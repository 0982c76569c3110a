import { afterAll, beforeAll, expect, it } from "vitest";
import {
  differenceBounds,
  dragRectangle,
  lockScales,
  openStudio,
  pixelsOf,
  resultBar,
  sample,
  savePng,
  screenshot,
  type Studio,
} from "./studio";

const PHOTO = sample("wren-512x512.jpg");
let studio: Studio;

beforeAll(async () => {
  studio = await openStudio({ picturePath: PHOTO });
});
afterAll(async () => {
  await studio.close();
});

it("killing the engine in the middle of a job costs time only: the job begins once more", async () => {
  const { page, server } = studio;
  await dragRectangle(page, [0.2, 0.2], [0.4, 0.4]);
  await lockScales(page, 1);
  await page.getByRole("button", { name: "Redraw", exact: true }).click();
  await page
    .getByRole("button", { name: /^Preview at/ })
    .first()
    .waitFor({ timeout: 120_000 });
  const pid = server.enginePid();
  if (pid === undefined) throw new Error("Expected a running engine but there is none.");
  process.kill(pid, "SIGKILL");

  await page.getByRole("alert").first().waitFor();
  await screenshot(page, "6-engine-died");
  expect(await page.getByRole("alert").allTextContents()).toEqual(
    expect.arrayContaining([expect.stringMatching(/engine|stopped/i)]),
  );
  expect(server.enginePid()).not.toBe(pid);

  await resultBar(page).waitFor({ timeout: 120_000 });
  await resultBar(page).getByRole("button", { name: "Keep" }).click();
  await resultBar(page).waitFor({ state: "hidden" });
  expect(differenceBounds(await pixelsOf(PHOTO), await savePng(page))).not.toBeNull();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => page.getByRole("button", { name: "Redo" }).isEnabled()).toBe(true);
  expect(differenceBounds(await pixelsOf(PHOTO), await savePng(page))).toBeNull();
});
