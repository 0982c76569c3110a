import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { hasTraining, runTraining } from "../support/training.js";
import { runSpectral } from "../support/run-spectral.js";

/** Two quiet cores take little more than a minute; a busy machine is no failure. */
const LIMIT_MS = 600_000;

/** Discs of four colours with a caption beside each: what a folder to pack looks like. */
async function writePictures(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const colours = { red: "#c83028", green: "#28b43c", blue: "#283cc8", yellow: "#dcc832" };
  for (let index = 0; index < 40; index++) {
    const [name, colour] = Object.entries(colours)[index % 4]!;
    const [x, y, radius] = [20 + ((7 * index) % 25), 20 + ((11 * index) % 25), 8 + (index % 9)];
    const svg = `<svg width="64" height="64"><rect width="64" height="64" fill="#445"/><circle cx="${x}" cy="${y}" r="${radius}" fill="${colour}"/></svg>`;
    await sharp(Buffer.from(svg)).png().toFile(join(folder, `${index}.png`));
    await writeFile(join(folder, `${index}.txt`), `a ${name} ball\n`);
  }
}

describe.skipIf(!hasTraining)("the debug recipe", () => {
  let folder = "";
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it(
    "goes from a folder of pictures to an edit by the app",
    async () => {
      folder = await mkdtemp(join(tmpdir(), "debug-recipe-"));
      const [pictures, run, models] = ["pictures", "run", "models"].map((n) => join(folder, n)) as [
        string,
        string,
        string,
      ];
      const data = ["--data", `${folder}/shards-train-*.tar`];
      const recipe = ["--recipe", "studio-debug", "--out", run];
      const trained = ["--tokenizer", `${run}/tokenizer.pt`, "--ar", `${run}/ar.pt`];
      await writePictures(pictures);
      const package_ = (name: string, ...args: string[]) =>
        runTraining("-m", `spectral_training${name}`, ...args);
      await package_("", "pack", "--folder", pictures, "--out", join(folder, "shards"));
      await package_(".train_tokenizer", ...recipe, ...data);
      await package_(".train_ar", ...recipe, ...data, "--tokenizer", `${run}/tokenizer.pt`);
      await package_(".export_onnx", ...trained, "--id", "mine", "--out", join(models, "mine"));

      const common = ["--models", models, "--model", "mine", "--seed", "1"];
      const drawn = join(folder, "drawn.png");
      const generated = await runSpectral("generate", "-o", drawn, "--prompt", "a ball", ...common);
      expect(generated).toMatchObject({ exitCode: 0, last: { modelId: "mine" } });

      const mask = join(folder, "mask.png");
      const white = { create: { width: 20, height: 20, channels: 3, background: "#fff" } } as const;
      await sharp({ create: { width: 64, height: 64, channels: 3, background: "#000" } })
        .composite([{ input: await sharp(white).png().toBuffer(), left: 30, top: 30 }])
        .png()
        .toFile(mask);
      const edited = await runSpectral(
        ...["edit", join(pictures, "0.png"), "-o", join(folder, "edited.png"), "--mask", mask],
        ...["--prompt", "a blue ball", ...common],
      );
      expect(edited.exitCode).toBe(0);
      expect(edited.last["changedPixels"]).toBeGreaterThan(0);
      expect(edited.last["changedPixels"]).toBeLessThanOrEqual(20 * 20);
    },
    LIMIT_MS,
  );
});
