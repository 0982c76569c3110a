import { AppError } from "../errors.js";
import type { Mask } from "./mask.js";

/**
 * Softens a mask inwards: values fall towards the mask's edge over `featherPx` pixels. No value
 * grows, so pixels outside the drawn mask stay untouched; no masked pixel drops to 0, and parts
 * thinner than the feather keep full strength along their middle instead of fading away.
 * @param featherPx width of the falloff, 0 for none
 * @throws AppError REQUEST_INVALID if featherPx is negative or not finite
 */
export function featherMask(_mask: Mask, _featherPx: number): Mask {
  throw new AppError("INTERNAL", "not written yet");
}
