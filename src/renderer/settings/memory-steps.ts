/** Sizes of memory on the slider, in megabytes: doublings, with one stop between. */
export const MEMORY_STEPS: readonly number[] = [
  256, 512, 1_024, 1_536, 2_048, 3_072, 4_096, 6_144, 8_192, 12_288, 16_384, 32_768, 65_536,
];

/** The stop that is nearest to a size; the file of settings may hold any. */
export function stepFromMemory(megabytes: number): number {
  const distances = MEMORY_STEPS.map((stop) => Math.abs(stop - megabytes));
  return distances.indexOf(Math.min(...distances));
}

/** The size of a stop. */
export function memoryFromStep(step: number): number {
  const last = MEMORY_STEPS.length - 1;
  return MEMORY_STEPS[Math.max(0, Math.min(Math.round(step), last))] ?? 2_048;
}
