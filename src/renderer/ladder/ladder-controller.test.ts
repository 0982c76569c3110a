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
    readTile: () => ({ width: 40, height: 30, rgba: new Uint8Array(40 * 30 * 4).fill(200) }),
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

  it("has nothing to lock with a model of one scale, whatever was locked with another", () => {
    const { ladder } = setUp();
    ladder.setFrozenScales(2);
    const layout = { ...smallModel.layout, levels: 0, scales: 1, scaleResolutions: [16] };
    ladder.useModel({ ...smallModel, layout: { ...layout, patches: [8] } });
    // As a draft of before brings it.
    ladder.pictureLock = 2;
    expect(ladder.rungs).toMatchObject([{ resolution: "16 × 16", role: "everything at once" }]);
    ladder.setFrozenScales(1);
    expect(ladder.canLock).toBe(false);
    expect(ladder.frozenScales).toBe(0);
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
    expect(transport.methods).toEqual(["readTile", "readScaleThumbnails"]);
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

  it("stands for the whole picture by a square that holds it", () => {
    expect(overviewRegion({ width: 100, height: 40 })).toEqual({
      x: 0,
      y: 0,
      width: 100,
      height: 100,
    });
  });

  it("builds the picture up: every rung has twice the cells of the one before", async () => {
    const { ladder, rest } = setUp();
    ladder.showRegion(view, smallModel, region);
    await rest();
    expect(ladder.built.map(({ image }) => [image.width, image.height])).toEqual([
      [4, 4],
      [8, 8],
      [16, 16],
    ]);
    expect(ladder.built.every(({ image }) => image.rgba.every((value) => value === 200))).toBe(
      true,
    );
    expect(ladder.pictureOf(1)).toBe(ladder.built[1]?.image);
    ladder.picture = "alone";
    expect(ladder.pictureOf(0)).toEqual(thumbnail);
  });

  it("lays the scale that is pointed at over the region", async () => {
    const { ladder, rest } = setUp();
    ladder.showRegion(view, smallModel, region);
    await rest();
    expect(ladder.peek).toBeNull();
    ladder.peekedScale = 1;
    expect(ladder.peek).toEqual(ladder.built[1]);
    expect(ladder.peek?.rect).toEqual(region);
    ladder.picture = "alone";
    expect(ladder.peek).toBeNull();
  });

  it("takes the pictures away as soon as the picture is cropped or turned, though it can read no others", async () => {
    const { ladder, transport, rest, onError } = setUp();
    ladder.peekedScale = 0;
    ladder.showRegion(view, smallModel, region, { frame: 0 });
    await rest();
    expect(ladder.peek).not.toBeNull();
    const turned = { ...view, revision: 1, size: { width: 30, height: 40 } };
    delete transport.handlers.readScaleThumbnails;
    ladder.showRegion(turned, smallModel, region, { frame: 1 });
    expect([ladder.pictureOf(0), ladder.thumbnailOf(0), ladder.peek]).toEqual([null, null, null]);
    await rest();
    expect(onError).toHaveBeenCalledOnce();
    expect(ladder.pictureOf(0)).toBeNull();
  });

  it("keeps the pictures of the last state until those of the next are there, or cannot be read", async () => {
    const { ladder, transport, rest } = setUp();
    ladder.showRegion(view, smallModel, region, { frame: 0 });
    await rest();
    const { built } = ladder;
    ladder.showRegion({ ...view, revision: 1 }, smallModel, region, { frame: 0 });
    expect(ladder.built).toBe(built);
    delete transport.handlers.readTile;
    await rest();
    expect([ladder.built, ladder.thumbnails]).toEqual([[], []]);
  });

  it("lays a scale over the region that it was read of, while that of another one is on its way", async () => {
    const { ladder, rest } = setUp();
    ladder.picture = "alone";
    ladder.peekedScale = 0;
    ladder.showRegion(view, smallModel, region);
    await rest();
    ladder.showRegion(view, smallModel, { ...region, x: 8 });
    expect(ladder.peek?.rect).toEqual(region);
    await rest();
    expect(ladder.peek?.rect).toEqual({ ...region, x: 8 });
  });

  it("gives a mask its own lock and leaves the picture's where it was", () => {
    const { ladder } = setUp();
    ladder.showRegion(view, smallModel, region, { hasRegion: false });
    ladder.setFrozenScales(1);
    ladder.showRegion(view, smallModel, { ...region, x: 8 }, { hasRegion: true });
    expect(ladder.frozenScales).toBe(1);
    ladder.setFrozenScales(3);
    expect([ladder.pictureLock, ladder.regionLock, ladder.frozenScales]).toEqual([1, 3, 3]);
    // The next mask begins with the picture's lock again.
    ladder.showRegion(view, smallModel, region, { hasRegion: false });
    expect(ladder.frozenScales).toBe(1);
  });

  it("takes a mask's lock back, or over to the picture", () => {
    const { ladder } = setUp();
    ladder.showRegion(view, smallModel, region, { hasRegion: true });
    ladder.setFrozenScales(0);
    ladder.followPicture();
    expect(ladder.frozenScales).toBe(2);
    ladder.setFrozenScales(1);
    ladder.useForPicture();
    expect([ladder.pictureLock, ladder.regionLock]).toEqual([1, null]);
  });
});
