import { describe, expect, it } from "vitest";
import { documentInfo, jobId, smallModel } from "../../../test/fixtures/screen-data.js";
import { jobRequestSchema } from "../../shared/jobs.js";
import {
  againRequest,
  editRequest,
  extendRequest,
  generateRequest,
  upscalePreviewRequest,
  upscaleRequest,
  type EditInput,
} from "./requests.js";
import { JobSettings } from "./settings.svelte.js";

const mask = { rect: { x: 1, y: 2, width: 2, height: 1 }, alpha: new Uint8Array([255, 9]) };
const input: EditInput = {
  document: documentInfo(),
  model: smallModel,
  mask,
  frozenScales: 2,
  feather: 4,
  mode: "redraw",
};

function settings(): JobSettings {
  let seed = 0;
  const result = new JobSettings(() => ++seed);
  result.applyDefaults(smallModel.sampling);
  result.prompt = " a boat ";
  result.negativePrompt = " fog ";
  return result;
}

describe("requests", () => {
  it("are what the contract takes, for every kind of job", () => {
    const all = settings();
    all.setVariations(16);
    all.strength = 0.5;
    all.setScaleSampling(2, { temperature: 0.4 });
    all.margins = { left: 1, top: 0, right: 0, bottom: 0 };
    all.targetSize = { width: 100, height: 75 };
    all.speed = "fast";
    all.generateFactor = 4;
    const document = documentInfo();
    const requests = [
      editRequest(all, input),
      editRequest(all, { ...input, mode: "remove" }),
      extendRequest(all, document, smallModel),
      generateRequest(all, smallModel),
      upscaleRequest(all, document, smallModel),
    ];
    for (const request of requests) expect(jobRequestSchema.parse(request)).toEqual(request);
  });

  it("say nothing of what is as usual", () => {
    const request = editRequest(settings(), input);
    for (const key of ["variations", "strength", "scaleSampling", "mode", "startFrom"]) {
      expect(request).not.toHaveProperty(key);
    }
    expect(request).toMatchObject({ prompt: "a boat", negativePrompt: "fog", frozenScales: 2 });
  });

  it("remove without a prompt and without keeping the colours of what is to go", () => {
    expect(editRequest(settings(), { ...input, mode: "remove" })).toMatchObject({
      mode: "remove",
      prompt: "",
      negativePrompt: "",
      frozenScales: 0,
    });
  });

  it("draw again with another seed, on top of what a variation has", () => {
    const own = settings();
    const first = editRequest(own, input);
    own.setVariations(4);
    const startFrom = { jobId, variation: 3, scales: 2 };
    const again = againRequest(first, own, startFrom);
    expect(again).toMatchObject({ startFrom, variations: 4, mask, prompt: "a boat" });
    expect(again.seed).not.toBe(first.seed);
    expect(jobRequestSchema.parse(again)).toEqual(again);
  });

  it("preview an upscale without taking a new seed", () => {
    const own = settings();
    const { seed } = upscalePreviewRequest(own, documentInfo(), smallModel);
    expect(upscalePreviewRequest(own, documentInfo(), smallModel).seed).toBe(seed);
    expect(upscaleRequest(own, documentInfo(), smallModel).seed).not.toBe(seed);
  });
});
