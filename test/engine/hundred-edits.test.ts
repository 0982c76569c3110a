import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { frozenBlockSide } from "../../src/core/layout.js";
import { maskBounds, type Mask } from "../../src/core/mask/mask.js";
import { planEditRegion } from "../../src/core/plan/region.js";
import {
  cropRaster,
  pasteRaster,
  rastersEqual,
  type BitDepth,
  type ChannelCount,
  type Raster,
} from "../../src/core/raster.js";
import type { Rect } from "../../src/core/rect.js";
import { findFrozenMismatch, findOutsideChange } from "../../src/core/verify.js";
import type { EditRequest } from "../../src/engine/edit/edit-request.js";
import { runEdit } from "../../src/engine/edit/run-edit.js";
import { NO_METADATA } from "../../src/engine/files/metadata.js";
import { writePicture } from "../../src/engine/files/write-picture.js";
import { createEngine, readPicture, type Engine } from "../../src/engine/index.js";
import type { LoadedModel } from "../../src/engine/jobs/prompts.js";
import { PromptEncoder } from "../../src/engine/text/prompt-encoder.js";
import { subscribeTo } from "../../src/shared/client.js";
import { modelIdSchema, type DocumentId } from "../../src/shared/ids.js";
import type { EditJob } from "../../src/shared/jobs.js";
import { debugModelId, debugModelsDir, openDebugModel, openModel } from "./debug-bundle.js";
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

/** Masks of all kinds by turns, none of which ever covers `island`. */
function maskOfTurn(number: number, width: number, height: number, island: Rect): Mask {
  const corners = [
    rectMask(0, 0, 5, 4),
    rectMask(width - 4, 0, 4, 5),
    rectMask(0, height - 3, 6, 3),
    rectMask(width - 5, height - 5, 5, 5),
  ];
  const [w, h] = [1 + ((number * 7) % 15), 1 + ((number * 5) % 14)];
  const small = rectMask((number * 13) % (width - w), (number * 17) % (height - h), w, h);
  const kinds: readonly (readonly Mask[])[] = [
    [rectMask((number * 3) % width, 1 + (number % 7), 1, 1)],
    [rectMask(0, 0, width, height)],
    [small],
    [rectMask(1, 1, 7, 5), rectMask(width - 9, height - 8, 6, 7)],
    corners.slice(number % 4, (number % 4) + 1),
    [small],
    corners,
    [rectMask(2, 3, width - 4, 9)],
  ];
  const parts = kinds[number % kinds.length] ?? [small];
  const mask = unionMask(width, height, parts);
  for (let y = island.y; y < island.y + island.height; y++) {
    mask.alpha.fill(0, y * width + island.x, y * width + island.x + island.width);
  }
  return mask;
}

describe("a hundred edits of one document, one after another", () => {
  let sessionDir = "";
  let engine: Engine;
  beforeAll(async () => {
    sessionDir = await mkdtemp(join(tmpdir(), "spectral-hundred-"));
    engine = await createEngine({ modelsDir: debugModelsDir, sessionDir });
  });
  afterAll(async () => {
    await engine.dispose();
    await rm(sessionDir, { recursive: true, force: true });
  });

  /** The document's pixels as anybody gets them. */
  async function pixelsOf(documentId: DocumentId): Promise<Raster> {
    const options = { documentId, format: "png", quality: 100, embedRecipe: false } as const;
    const { bytes } = await engine.api.exportDocument(options);
    return (await readPicture(bytes, "a.png")).raster;
  }

  /** Runs an edit to its end and keeps its last variation. */
  async function keep(request: EditJob): Promise<void> {
    const stops: (() => void)[] = [];
    const ended = new Promise<void>((resolve, reject) => {
      stops.push(
        subscribeTo(engine, "job-finished", () => resolve()),
        subscribeTo(engine, "job-failed", ({ error }) => reject(new Error(error.message))),
      );
    });
    const { jobId } = await engine.api.startJob(request);
    await ended.finally(() => stops.forEach((stop) => stop()));
    await engine.api.acceptResult({ jobId, variation: (request.variations ?? 1) - 1 });
  }

  it.each([
    [61, 45, 3, 8],
    [37, 58, 4, 16],
  ] as const)(
    "change no pixel outside of their masks and no frozen coefficient (%i x %i, %i channels, %i bits)",
    async (width, height, channels: ChannelCount, depth: BitDepth) => {
      const { layout } = loaded.model;
      const original = testPicture(width, height, channels, depth);
      const metadata = {
        format: "png",
        quality: 100,
        metadata: NO_METADATA,
        recipe: null,
      } as const;
      const bytes = await writePicture(original, metadata);
      const { documentId } = await engine.api.openDocument({ name: "a.png", bytes });
      const side = frozenBlockSide(layout, defaults.frozenScales)!;
      const island = { x: width >> 1, y: height >> 1, width: 4, height: 3 };
      let picture = original;
      let changes = 0;
      const factors = new Set<number>();
      for (let number = 0; number < 100; number++) {
        const mask = maskOfTurn(number, width, height, island);
        const variations = number % 7 === 0 ? 2 : 1;
        await keep({
          ...defaults,
          kind: "edit",
          documentId,
          modelId: modelIdSchema.parse(debugModelId),
          mask,
          seed: number,
          feather: number % 4,
          variations,
          ...(number % 9 === 0 && { strength: 0.5 }),
        });
        const edited = await pixelsOf(documentId);
        expect(findOutsideChange(edited, picture, mask)).toBeNull();
        const size = { imageWidth: width, imageHeight: height };
        const { rect, factor } = planEditRegion({ ...size, maskBounds: maskBounds(mask)!, layout });
        expect(findFrozenMismatch(edited, picture, rect, side * factor)).toBeNull();
        factors.add(factor);
        if (!rastersEqual(edited, picture)) changes++;
        picture = edited;
      }
      expect(changes).toBeGreaterThan(50);
      // Regions that were reduced freeze larger blocks, which the others keep as well.
      expect([...factors].sort()).toEqual([1, 2]);
      expect(blockSums(picture, 2 * side)).toEqual(blockSums(original, 2 * side));
      expect(rastersEqual(cropRaster(picture, island), cropRaster(original, island))).toBe(true);
      if (channels === 4) {
        const alpha = (raster: Raster) => raster.data.filter((_, at) => at % 4 === 3);
        expect(alpha(picture)).toEqual(alpha(original));
      }
    },
    180_000,
  );
});

describe("the shipped model", () => {
  it("keeps what is not masked and what is frozen, edit after edit", async () => {
    const model = await openModel(
      fileURLToPath(new URL("../../models/studio-128", import.meta.url)),
    );
    const shipped = { model, prompts: new PromptEncoder(model) };
    const { layout } = model;
    const [width, height] = [171, 143];
    const island = { x: 80, y: 70, width: 9, height: 8 };
    let picture = testPicture(width, height, 4, 16);
    const original = picture;
    let changes = 0;
    for (let number = 0; number < 8; number++) {
      const mask = maskOfTurn(number, width, height, island);
      const frozenScales = 1 + (number % 3);
      const request = { ...defaults, mask, frozenScales, seed: number, feather: number % 4 };
      const { rect, variations } = await runEdit(shipped, picture, request, quietContext());
      const edited = pasteRaster(picture, variations[0]!.patch, rect.x, rect.y);
      expect(findOutsideChange(edited, picture, mask)).toBeNull();
      const size = { imageWidth: width, imageHeight: height };
      const region = planEditRegion({ ...size, maskBounds: maskBounds(mask)!, layout });
      const side = frozenBlockSide(layout, frozenScales)! * region.factor;
      expect(findFrozenMismatch(edited, picture, region.rect, side)).toBeNull();
      if (!rastersEqual(edited, picture)) changes++;
      picture = edited;
    }
    expect(changes).toBeGreaterThan(4);
    expect(rastersEqual(cropRaster(picture, island), cropRaster(original, island))).toBe(true);
    await model.release();
  }, 120_000);
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
