import { beforeAll, describe, expect, it } from "vitest";
import { frozenBlockSide } from "../../src/core/layout.js";
import type { Mask } from "../../src/core/mask/mask.js";
import {
  pasteRaster,
  rastersEqual,
  type BitDepth,
  type ChannelCount,
  type Raster,
} from "../../src/core/raster.js";
import { findOutsideChange } from "../../src/core/verify.js";
import { runEdit, type EditRequest } from "../../src/engine/edit/run-edit.js";
import type { LoadedModel } from "../../src/engine/jobs/prompts.js";
import { PromptEncoder } from "../../src/engine/text/prompt-encoder.js";
import { openDebugModel } from "./debug-bundle.js";
import { quietContext, testPicture } from "./pictures.js";

let loaded: LoadedModel;
beforeAll(async () => {
  const model = await openDebugModel();
  loaded = { model, prompts: new PromptEncoder(model) };
});

const defaults: Omit<EditRequest, "mask"> = {
  frozenScales: 2,
  prompt: "a dog",
  negativePrompt: "",
  seed: 7,
  guidance: 1,
  temperature: 1,
  topK: 0,
  topP: 0.95,
  feather: 0,
};

async function edit(original: Raster, request: EditRequest) {
  const { rect, variations } = await runEdit(loaded, original, request, quietContext());
  return pasteRaster(original, variations[0]!.patch, rect.x, rect.y);
}

function rectMask(x: number, y: number, width: number, height: number): Mask {
  return { rect: { x, y, width, height }, alpha: new Uint8Array(width * height).fill(255) };
}

/** One mask of the whole picture that is 255 where one of several rectangles is. */
function unionMask(width: number, height: number, parts: readonly Mask[]): Mask {
  const mask = rectMask(0, 0, width, height);
  mask.alpha.fill(0);
  for (const { rect } of parts) {
    for (let y = rect.y; y < rect.y + rect.height; y++) {
      mask.alpha.fill(255, y * width + rect.x, y * width + rect.x + rect.width);
    }
  }
  return mask;
}

/** Sums of every block of `side` pixels from the picture's corner, all channels. */
function blockSums({ width, height, channels, data }: Raster, side: number): number[] {
  const columns = Math.ceil(width / side);
  const sums = new Array<number>(columns * Math.ceil(height / side) * channels).fill(0);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const block = Math.floor(y / side) * columns + Math.floor(x / side);
      for (let c = 0; c < channels; c++) {
        sums[block * channels + c]! += data[(y * width + x) * channels + c]!;
      }
    }
  }
  return sums;
}

describe("a hundred edits of one document, one after another", () => {
  it.each([
    [61, 45, 3, 8],
    [37, 58, 4, 16],
  ] as const)(
    "change no pixel outside of their masks and no frozen coefficient (%i x %i, %i channels, %i bits)",
    async (width, height, channels: ChannelCount, depth: BitDepth) => {
      const original = testPicture(width, height, channels, depth);
      const side = frozenBlockSide(loaded.model.layout, defaults.frozenScales)!;
      const touched = rectMask(0, 0, width, height);
      touched.alpha.fill(0);
      let picture = original;
      let changes = 0;
      for (let number = 0; number < 100; number++) {
        // Small enough for the model's own resolution, where blocks are those of the whole picture.
        const [w, h] = [1 + ((number * 7) % 15), 1 + ((number * 5) % 14)];
        const mask = rectMask((number * 13) % (width - w), (number * 17) % (height - h), w, h);
        const request = { ...defaults, mask, seed: number, feather: number % 4 };
        const edited = await edit(picture, request);
        expect(findOutsideChange(edited, picture, mask)).toBeNull();
        for (let y = mask.rect.y; y < mask.rect.y + h; y++) {
          touched.alpha.fill(255, y * width + mask.rect.x, y * width + mask.rect.x + w);
        }
        if (!rastersEqual(edited, picture)) changes++;
        picture = edited;
      }
      expect(changes).toBeGreaterThan(20);
      expect(findOutsideChange(picture, original, touched)).toBeNull();
      expect(blockSums(picture, side)).toEqual(blockSums(original, side));
    },
    120_000,
  );
});

describe("masks of every kind", () => {
  const [width, height] = [61, 45];
  const kinds: [string, Mask][] = [
    ["one pixel", rectMask(30, 20, 1, 1)],
    ["everything", rectMask(0, 0, width, height)],
    ["beyond the border", rectMask(-20, -20, width + 40, height + 40)],
    ["the top left corner", rectMask(0, 0, 3, 4)],
    ["the top right corner", rectMask(width - 3, 0, 3, 4)],
    ["the bottom left corner", rectMask(0, height - 4, 3, 4)],
    ["the bottom right corner", rectMask(width - 3, height - 4, 3, 4)],
    [
      "two parts far apart",
      unionMask(width, height, [rectMask(1, 1, 4, 5), rectMask(50, 38, 9, 6)]),
    ],
    [
      "all four corners",
      unionMask(width, height, [
        rectMask(0, 0, 2, 2),
        rectMask(width - 2, 0, 2, 2),
        rectMask(0, height - 2, 2, 2),
        rectMask(width - 2, height - 2, 2, 2),
      ]),
    ],
  ];

  it.each(kinds)("keep what they do not cover: %s", async (_, mask) => {
    for (const [channels, depth] of [
      [1, 8],
      [2, 16],
      [3, 16],
      [4, 8],
    ] as const) {
      const original = testPicture(width, height, channels, depth);
      for (const frozenScales of [0, 1, loaded.model.layout.scaleCount]) {
        const edited = await edit(original, { ...defaults, mask, frozenScales, feather: 1 });
        expect(findOutsideChange(edited, original, mask)).toBeNull();
        if (frozenScales === loaded.model.layout.scaleCount) {
          expect(rastersEqual(edited, original)).toBe(true);
        }
        if (channels === 2 || channels === 4) {
          const alpha = (raster: Raster) =>
            raster.data.filter((_, at) => at % channels === channels - 1);
          expect(alpha(edited)).toEqual(alpha(original));
        }
      }
    }
  });

  it("take every mode: strength, removal, variations and given codes keep what is not masked", async () => {
    const original = testPicture(width, height, 3, 8);
    const mask = unionMask(width, height, [rectMask(1, 1, 9, 9), rectMask(45, 30, 11, 12)]);
    const { tokensPerScale } = loaded.model.layout;
    const startCodes = { scales: 1, codes: new Array<number>(tokensPerScale).fill(3) };
    for (const changes of [
      { strength: 0.3 },
      { mode: "remove" as const, frozenScales: 0 },
      { variations: 2, frozenScales: 0 },
      { startCodes, frozenScales: 0 },
    ]) {
      const request = { ...defaults, ...changes, mask };
      const { rect, variations } = await runEdit(loaded, original, request, quietContext());
      for (const { patch } of variations) {
        const edited = pasteRaster(original, patch, rect.x, rect.y);
        expect(findOutsideChange(edited, original, mask)).toBeNull();
      }
    }
  });
});
