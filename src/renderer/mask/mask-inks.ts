import type { MaskColour } from "../../shared/settings.js";
import type { Rgb } from "./overlay.js";

/** The tints of a mask: the same on both themes, since they lie on the photo and not on the interface. */
export const MASK_INKS: Readonly<Record<MaskColour, Rgb>> = {
  coral: [255, 92, 60],
  green: [52, 208, 104],
  blue: [64, 140, 255],
  magenta: [242, 72, 214],
  yellow: [255, 214, 51],
};

/** An ink as CSS writes it. */
export function cssInk(colour: MaskColour): string {
  return `rgb(${MASK_INKS[colour].join(" ")})`;
}
