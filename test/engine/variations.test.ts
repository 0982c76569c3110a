import { beforeAll, describe, expect, it } from "vitest";
import type { Mask } from "../../src/core/mask/mask.js";
import {
  createRaster,
  cropRaster,
  pasteRaster,
  rastersEqual,
  type Raster,
} from "../../src/core/raster.js";
import { findOutsideChange } from "../../src/core/verify.js";
import type { EditRequest } from "../../src/engine/edit/edit-request.js";
import { runEdit, type EditOutcome } from "../../src/engine/edit/run-edit.js";
import type { LoadedModel } from "../../src/engine/jobs/prompts.js";
import { runGenerate } from "../../src/engine/jobs/run-generate.js";
import { PromptEncoder } from "../../src/engine/text/prompt-encoder.js";
import { openDebugModel } from "./debug-bundle.js";
import { quietContext, testPicture } from "./pictures.js";

let loaded: LoadedModel;
beforeAll(async () => {
  const model = await openDebugModel();
  loaded = { model, prompts: new PromptEncoder(model) };
});

const drawing = {
  prompt: "a dog",
  negativePrompt: "",
  seed: 3,
  guidance: 2,
  temperature: 1,
  topK: 0,
  topP: 1,
};
const original = testPicture(64, 48, 3, 8);
const mask: Mask = {
  rect: { x: 8, y: 6, width: 30, height: 31 },
  alpha: new Uint8Array(30 * 31).fill(255),
};
const request: EditRequest = { ...drawing, mask, frozenScales: 1, feather: 0 };
const edit = (changes: Partial<EditRequest> = {}, context = quietContext()) =>
  runEdit(loaded, original, { ...request, ...changes }, context);

describe("a generated picture", () => {
  it("has the model's size, comes coarse to fine and again for the same seed", async () => {
    const scales: number[] = [];
    const [picture] = await runGenerate(loaded, drawing, {
      ...quietContext(),
      onPreview: (scale) => scales.push(scale),
    });
    const { imageSize, scaleCount } = loaded.model.layout;
    const size = { width: imageSize, height: imageSize };
    expect(picture!.raster).toMatchObject({ ...size, channels: 3, depth: 8 });
    expect(scales).toEqual(Array.from({ length: scaleCount }, (_, scale) => scale));
    const [again] = await runGenerate(loaded, drawing, quietContext());
    expect(rastersEqual(again!.raster, picture!.raster)).toBe(true);
    const [other] = await runGenerate(loaded, { ...drawing, seed: 4 }, quietContext());
    expect(rastersEqual(other!.raster, picture!.raster)).toBe(false);
  });

  it("keeps the layout of a variation and redraws the details", async () => {
    const { tokensPerScale } = loaded.model.layout;
    const made = await runGenerate(loaded, { ...drawing, variations: 3 }, quietContext());
    const start = { scales: 2, codes: [...made[2]!.codes.subarray(0, 2 * tokensPerScale)] };
    const again = await runGenerate(
      loaded,
      { ...drawing, seed: 9, variations: 2, startCodes: start },
      quietContext(),
    );
    for (const { codes } of again) {
      expect([...codes.subarray(0, 2 * tokensPerScale)]).toEqual(start.codes);
      expect(codes).not.toEqual(made[2]!.codes);
    }
    expect(again[0]!.codes).not.toEqual(again[1]!.codes);
  });

  it("refuses start codes of another size or model", async () => {
    for (const startCodes of [
      { scales: 1, codes: [1] },
      { scales: 9, codes: [] },
      { scales: 1, codes: new Array<number>(loaded.model.layout.tokensPerScale).fill(1e6) },
    ]) {
      await expect(
        runGenerate(loaded, { ...drawing, startCodes }, quietContext()),
      ).rejects.toMatchObject({ code: "REQUEST_INVALID" });
    }
  });
});

describe("variations of an edit", () => {
  it("are all different, and each is the same alone, in a smaller batch and among sixteen", async () => {
    const { variations } = await edit({ variations: 16 });
    expect(new Set(variations.map(({ codes }) => codes.join())).size).toBe(16);
    for (const number of [0, 5, 15]) {
      const alone = await edit({ variations: 1, firstVariation: number });
      expect(alone.variations).toHaveLength(1);
      expect(alone.variations[0]!.codes).toEqual(variations[number]!.codes);
      expect(rastersEqual(alone.variations[0]!.patch, variations[number]!.patch)).toBe(true);
    }
    const smaller = await edit({ variations: 16 }, { ...quietContext(), maxBatch: 3 });
    expect(smaller.variations).toEqual(variations);
  });

  it("are the same bytes whether previews are watched, made more often, or not made", async () => {
    const plain = await edit({ variations: 2 });
    let shown = 0;
    let now = 0;
    const watched = await edit(
      { variations: 2 },
      { ...quietContext(), clock: () => (now += 40), onPreview: () => shown++ },
    );
    expect(shown).toBeGreaterThan(2);
    expect(watched).toEqual(plain);
    shown = 0;
    const unwatched = await edit(
      { variations: 2, previews: false },
      { ...quietContext(), onPreview: () => shown++ },
    );
    expect(shown).toBe(0);
    expect(unwatched).toEqual(plain);
  });

  it("each show their own previews", async () => {
    const seen = new Set<string>();
    const onPreview = (scale: number, _r: unknown, _p: unknown, variation: number) =>
      seen.add(`${scale}/${variation}`);
    await edit({ variations: 2 }, { ...quietContext(), onPreview });
    expect([...seen].sort()).toEqual(["1/0", "1/1", "2/0", "2/1", "3/0", "3/1"]);
  });

  it("show every scale, coarse to fine, also where previews were too dear to be made in between", async () => {
    const model = await openDebugModel();
    const own: LoadedModel = { model, prompts: new PromptEncoder(model) };
    let now = 0;
    const watch = async (previewMs: number) => {
      const seen: string[] = [];
      const context = {
        ...quietContext(),
        clock: () => now,
        onProgress: ({ stage }: { stage: string }) => {
          now++;
          if (stage === "drawing" && seen.at(-1) !== "step") seen.push("step");
        },
        onPreview: (scale: number, _r: unknown, _p: unknown, variation: number) => {
          now += previewMs;
          seen.push(`${scale}/${variation}`);
        },
      };
      return { seen, ...(await runEdit(own, original, { ...request, variations: 2 }, context)) };
    };
    // Twice, since the first of a kind says nothing about the next ones.
    for (let count = 0; count < 2; count++) await watch(1_000);
    const { seen, variations } = await watch(1_000);
    expect(seen).toEqual(["step", "1/0", "2/0", "3/0", "1/1", "2/1", "3/1"]);
    expect(variations).toEqual((await edit({ variations: 2 })).variations);
    await model.release();
  });

  it("all keep what lies outside of the mask", async () => {
    const { rect, variations } = await edit({ variations: 4 });
    for (const { patch, changedPixels } of variations) {
      expect(changedPixels).toBeGreaterThan(0);
      const inPatch = { ...mask.rect, x: mask.rect.x - rect.x, y: mask.rect.y - rect.y };
      expect(
        findOutsideChange(patch, cropRaster(original, rect), { ...mask, rect: inPatch }),
      ).toBeNull();
    }
  });
});

describe("an edit that starts from a variation", () => {
  const levelOf = (scales: number) => {
    const { levels } = loaded.model.layout;
    return 2 ** (levels - (scales - 1));
  };

  /** Means of the patch's blocks of that side. */
  function meansOf(
    { rect, variations }: Pick<EditOutcome, "rect" | "variations">,
    side: number,
  ): number[] {
    const { data, channels } = variations[0]!.patch;
    const sums = new Map<string, number>();
    for (const [at, value] of data.entries()) {
      const pixel = Math.floor(at / channels);
      const [row, column] = [Math.floor(pixel / rect.width), pixel % rect.width];
      const key = `${Math.floor(row / side)}/${Math.floor(column / side)}/${at % channels}`;
      sums.set(key, (sums.get(key) ?? 0) + value);
    }
    return [...sums.values()].map((sum) => sum / side ** 2);
  }

  it.each([2, 3])(
    "keeps its scales below %i, in tokens and pixels, and redraws the rest",
    async (scales) => {
      const { tokensPerScale } = loaded.model.layout;
      const known = scales * tokensPerScale;
      const all = await edit({ variations: 3 });
      const chosen = { rect: all.rect, variations: [all.variations[2]!] };
      const startCodes = { scales, codes: [...all.variations[2]!.codes.subarray(0, known)] };
      let drawn = 0;
      const again = await edit(
        { seed: 77, startCodes },
        { ...quietContext(), onProgress: ({ stage }) => stage === "drawing" && drawn++ },
      );
      const [first, second] = [chosen.variations[0]!, again.variations[0]!];
      expect(second.codes.subarray(0, known)).toEqual(first.codes.subarray(0, known));
      expect(second.codes).not.toEqual(first.codes);
      // Nothing that is kept is drawn once more.
      const whole = (await edit({ seed: 77 })).variations[0]!;
      expect(drawn).toBeLessThan(whole.codes.length - tokensPerScale);
      expect(drawn % (loaded.model.layout.scaleCount - scales)).toBe(0);
      // Pixels are clipped and rounded, which moves means a little; another drawing moves them a lot.
      const distance = (a: number[], b: number[]) =>
        a.reduce((sum, value, at) => sum + Math.abs(value - b[at]!), 0) / a.length;
      const side = levelOf(scales);
      const kept = distance(meansOf(chosen, side), meansOf(again, side));
      const other = distance(
        meansOf(chosen, side),
        meansOf({ rect: all.rect, variations: [whole] }, side),
      );
      expect(kept).toBeLessThan(other / 2);
    },
  );
});

describe("strength", () => {
  const drawnCodes = async (strength: number) => (await edit({ strength })).variations[0]!;

  it("changes nothing at 0, and everything that is free at 1", async () => {
    const none = await drawnCodes(0);
    expect(none.changedPixels).toBe(0);
    const whole = await edit();
    expect((await drawnCodes(1)).codes).toEqual(whole.variations[0]!.codes);
  });

  it("leaves more tokens of the picture the smaller it is", async () => {
    const own = (await drawnCodes(0)).codes;
    const changed = [];
    for (const strength of [0.1, 0.4, 0.7, 1]) {
      const { codes } = await drawnCodes(strength);
      changed.push(codes.filter((code, token) => code !== own[token]).length);
    }
    expect(changed).toEqual([...changed].sort((a, b) => a - b));
    expect(changed[0]).toBeLessThan(changed[3]!);
  });
});

describe("settings of single scales", () => {
  it("hold for their scale only", async () => {
    const sharp = { temperature: 0 };
    const [a, b] = [
      await edit({ seed: 1, scaleSampling: [null, sharp, sharp, sharp] }),
      await edit({ seed: 2, scaleSampling: [null, sharp, sharp, sharp] }),
    ];
    expect(a.variations[0]!.codes).toEqual(b.variations[0]!.codes);
    const c = await edit({ seed: 2, scaleSampling: [null, sharp, sharp] });
    expect(c.variations[0]!.codes).not.toEqual(b.variations[0]!.codes);
    const { tokensPerScale } = loaded.model.layout;
    expect(c.variations[0]!.codes.subarray(0, 3 * tokensPerScale)).toEqual(
      b.variations[0]!.codes.subarray(0, 3 * tokensPerScale),
    );
  });

  it("may drop the prompt's weight for a scale, and are refused for scales that there are not", async () => {
    const { variations } = await edit({
      guidance: 30,
      scaleSampling: [null, { guidance: 1 }],
    });
    const whole = await edit({ guidance: 30 });
    expect(variations[0]!.codes).not.toEqual(whole.variations[0]!.codes);
    const scaleSampling = new Array<null>(loaded.model.layout.scaleCount + 1).fill(null);
    await expect(edit({ scaleSampling })).rejects.toMatchObject({ code: "REQUEST_INVALID" });
  });
});

describe("a removal", () => {
  it("takes no notice of the prompt, keeps the surroundings and fills the mask", async () => {
    const removal = { mode: "remove" as const, frozenScales: 0 };
    const [a, b] = [
      await edit({ ...removal, prompt: "a dog", guidance: 7 }),
      await edit({ ...removal, prompt: "a cat", negativePrompt: "sky" }),
    ];
    expect(a).toEqual(b);
    expect(a.variations[0]!.changedPixels).toBeGreaterThan(100);
  });

  it("takes the thing away: what is filled in has the colours of its surroundings", async () => {
    // A bright blob on a slope; the mask is a little larger than it.
    const data = Uint8Array.from({ length: 64 * 48 * 3 }, (_, at) => {
      const pixel = Math.floor(at / 3);
      const [x, y] = [pixel % 64, Math.floor(pixel / 64)];
      return (x - 23) ** 2 + (y - 21) ** 2 < 64 ? 250 : 40 + x;
    });
    const picture = createRaster(64, 48, 3, 8, data);
    const removal = { ...request, mode: "remove" as const, frozenScales: 0 };
    const { rect, variations } = await runEdit(loaded, picture, removal, quietContext());
    const edited = pasteRaster(picture, variations[0]!.patch, rect.x, rect.y);
    const meanInside = ({ data: pixels }: Raster) => {
      let sum = 0;
      let count = 0;
      for (const [at, value] of pixels.entries()) {
        const pixel = Math.floor(at / 3);
        if (((pixel % 64) - 23) ** 2 + (Math.floor(pixel / 64) - 21) ** 2 >= 64) continue;
        sum += value;
        count++;
      }
      return sum / count;
    };
    expect(meanInside(picture)).toBe(250);
    expect(Math.abs(meanInside(edited) - 63)).toBeLessThan(25);
    expect(findOutsideChange(edited, picture, mask)).toBeNull();
  });
});
