import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { LoudTransport } from "../../../test/fixtures/loud-transport.js";
import { documentInfo, smallModel } from "../../../test/fixtures/screen-data.js";
import { createApiClient } from "../../shared/client.js";
import type { ScaleThumbnail } from "../../shared/documents.js";
import { LadderController } from "./ladder-controller.svelte.js";
import { keptBlockSide, overviewRegion, rungsOf } from "./rungs.js";

const { documentId } = documentInfo();
const view = { documentId, revision: 0, size: { width: 40, height: 30 } };
const region = { x: 0, y: 0, width: 16, height: 16 };
const thumbnail: ScaleThumbnail = { scale: 0, width: 1, height: 1, rgba: new Uint8Array(4) };
const settle = () => new Promise((resolve) => setTimeout(resolve));

function setUp() {
  const waiting: (() => void)[] = [];
  const onError = vi.fn();
  const transport = new LoudTransport({
    readScaleThumbnails: () => ({ thumbnails: [thumbnail] }),
  });
  const ladder = new LadderController(
    createApiClient(transport),
    (run) => {
      waiting.push(run);
      return () => void waiting.splice(waiting.indexOf(run), 1);
    },
    onError,
  );
  ladder.useModel(smallModel);
  const rest = async () => {
    for (const run of waiting.splice(0)) run();
    await settle();
  };
  return { ladder, transport, rest, onError };
}

describe("scale ladder", () => {
  it("names each scale by the picture that it completes", () => {
    expect(rungsOf(smallModel.layout)).toMatchObject([
      { resolution: "4 × 4", role: "colour & layout" },
      { resolution: "8 × 8", role: "shapes" },
      { resolution: "16 × 16", role: "finest texture" },
    ]);
  });

  it("keeps a coarse prefix whatever is asked for", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -9, max: 99 })), (counts) => {
        const { ladder } = setUp();
        for (const count of counts) {
          ladder.setFrozenScales(count);
          const kept = ladder.rungs.map(({ scale }) => ladder.isKept(scale));
          expect(kept).toEqual(kept.toSorted((a, b) => Number(b) - Number(a)));
        }
      }),
    );
  });

  it("keeps up to a clicked rung, and redraws from there on when it is clicked again", () => {
    const { ladder } = setUp();
    ladder.setFrozenScales(0);
    ladder.toggle(1);
    expect(ladder.frozenScales).toBe(2);
    ladder.toggle(1);
    expect(ladder.frozenScales).toBe(1);
  });

  it("knows the blocks whose colour stays", () => {
    expect([0, 1, 2, 3].map((count) => keptBlockSide(smallModel.layout, count, 2))).toEqual([
      null,
      8,
      4,
      2,
    ]);
  });

  it("reads thumbnails once the region rests, and each region once", async () => {
    const { ladder, transport, rest } = setUp();
    ladder.showRegion(view, smallModel, { ...region, x: 4 });
    ladder.showRegion(view, smallModel, region);
    ladder.showRegion(view, smallModel, { ...region });
    await rest();
    expect(transport.methods).toEqual(["readScaleThumbnails"]);
    expect(transport.lastRequest("readScaleThumbnails").region).toEqual(region);
    expect(ladder.thumbnailOf(0)).toEqual(thumbnail);
    expect(ladder.thumbnailOf(1)).toBeNull();
  });

  it("empties its rungs without a picture", async () => {
    const { ladder, rest } = setUp();
    ladder.showRegion(view, smallModel, region);
    await rest();
    ladder.showRegion(null, smallModel, null);
    expect(ladder.thumbnails).toEqual([]);
  });

  it("reports a failure and reads again when told", async () => {
    const { ladder, transport, rest, onError } = setUp();
    delete transport.handlers.readScaleThumbnails;
    ladder.showRegion(view, smallModel, region);
    await rest();
    expect(onError).toHaveBeenCalledOnce();
    transport.handlers.readScaleThumbnails = () => ({ thumbnails: [thumbnail] });
    ladder.reload();
    await settle();
    expect(ladder.thumbnails).toEqual([thumbnail]);
  });

  it("stands for the whole picture by its middle", () => {
    expect(overviewRegion({ width: 100, height: 40 }, smallModel.layout)).toEqual({
      x: 34,
      y: 4,
      width: 32,
      height: 32,
    });
    expect(overviewRegion({ width: 5, height: 9 }, smallModel.layout)).toMatchObject({
      x: 0,
      y: 0,
      width: 16,
    });
  });
});
