import { createSamples, type Raster } from "./raster.js";

/** Turns by right angles and mirrorings: every pixel goes to another place, none is computed. */
export const TURNS = ["left", "right", "half", "mirror", "flip"] as const;
/** `mirror` changes left and right, `flip` top and bottom; `half` turns by 180 degrees. */
export type Turn = (typeof TURNS)[number];

/** The turn that takes another one back. */
export function turnBack(turn: Turn): Turn {
  if (turn === "left") return "right";
  return turn === "right" ? "left" : turn;
}

/** The picture turned; a turn to the left or right exchanges its sides. */
export function turnRaster(raster: Raster, turn: Turn): Raster {
  const { width, height, channels, depth, data } = raster;
  const isOnItsSide = turn === "left" || turn === "right";
  const [newWidth, newHeight] = isOnItsSide ? [height, width] : [width, height];
  const samples = createSamples(depth, data.length);
  const { origin, stepX, stepY } = walkOf(turn, width, height);
  let target = 0;
  for (let y = 0; y < newHeight; y++) {
    let pixel = origin + y * stepY;
    for (let x = 0; x < newWidth; x++, pixel += stepX) {
      const source = pixel * channels;
      for (let channel = 0; channel < channels; channel++) {
        samples[target++] = data[source + channel] ?? 0;
      }
    }
  }
  return { width: newWidth, height: newHeight, channels, depth, data: samples };
}

/** Where the result's first pixel lies in the picture, and how far one goes there for its next column and row. */
function walkOf(turn: Turn, width: number, height: number) {
  const last = width * height - 1;
  switch (turn) {
    case "left":
      return { origin: width - 1, stepX: width, stepY: -1 };
    case "right":
      return { origin: last - width + 1, stepX: -width, stepY: 1 };
    case "half":
      return { origin: last, stepX: -1, stepY: -width };
    case "mirror":
      return { origin: width - 1, stepX: -1, stepY: width };
    case "flip":
      return { origin: last - width + 1, stepX: 1, stepY: -width };
  }
}
