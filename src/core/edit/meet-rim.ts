import { fillHarmonically } from "./harmonic-fill.js";
import { PATCH_RADIUS, type PatchField, type PatchLevel } from "./patch-search.js";
import { PixelRole } from "./texture-window.js";

/** Further off than that a patch did not find its like, and its colours say nothing of the light. */
const LARGEST_STEP = 0.3;

/**
 * Shifts what was filled in so that it meets what is around it: patches over the rim should have given
 * the known pixels there, and by how much they did not is spread smoothly over the targets (a membrane,
 * as in Poisson image editing, Pérez et al. 2003). The window is a square.
 */
export function meetRim(level: PatchLevel, { middles, found }: PatchField): void {
  const { width, height, colours, roles } = level;
  const area = width * height;
  const steps = new Float32Array(3 * area);
  const counts = new Uint16Array(area);
  for (const middle of middles) {
    const shift = (found[middle] ?? 0) - middle;
    for (let y = -PATCH_RADIUS; y <= PATCH_RADIUS; y++) {
      for (let x = -PATCH_RADIUS; x <= PATCH_RADIUS; x++) {
        const pixel = middle + y * width + x;
        if (roles[pixel] !== PixelRole.example) continue;
        counts[pixel] = (counts[pixel] ?? 0) + 1;
        for (let channel = 0; channel < 3; channel++) {
          const at = 3 * pixel + channel;
          const step = (colours[at] ?? 0) - (colours[at + 3 * shift] ?? 0);
          steps[channel * area + pixel] = (steps[channel * area + pixel] ?? 0) + step;
        }
      }
    }
  }
  for (let at = 0; at < steps.length; at++) {
    const step = (steps[at] ?? 0) / Math.max(1, counts[at % area] ?? 1);
    steps[at] = Math.max(-LARGEST_STEP, Math.min(LARGEST_STEP, step));
  }
  // Where no patch over the rim says anything, the membrane is free.
  const isFree = new Uint8Array(counts.map((count) => (count === 0 ? 1 : 0)));
  const { data } = fillHarmonically({ side: width, data: steps }, isFree);
  for (let pixel = 0; pixel < area; pixel++) {
    if (roles[pixel] !== PixelRole.target) continue;
    for (let channel = 0; channel < 3; channel++) {
      const at = 3 * pixel + channel;
      colours[at] = (colours[at] ?? 0) + (data[channel * area + pixel] ?? 0);
    }
  }
}
