/**
 * Means over a square window, several times over; three passes are close to a Gaussian blur of
 * `radius` pixels. Values within `passes * radius` of the buffer's edge see only what is there.
 * @param values `width * height`, row-major
 */
export function boxBlur(
  values: Uint8Array,
  width: number,
  height: number,
  radius: number,
  passes: number,
): Uint8Array {
  // Kept with fractions between the passes: rounding six times would darken soft parts.
  const plane = Float32Array.from(values);
  const line = new Float32Array(Math.max(width, height));
  for (let pass = 0; pass < passes; pass++) {
    for (let y = 0; y < height; y++) blurLine(plane, y * width, 1, width, radius, line);
    for (let x = 0; x < width; x++) blurLine(plane, x, width, height, radius, line);
  }
  return new Uint8Array(plane.map(Math.round));
}

function blurLine(
  plane: Float32Array,
  start: number,
  step: number,
  count: number,
  radius: number,
  line: Float32Array,
): void {
  for (let i = 0; i < count; i++) line[i] = plane[start + i * step] ?? 0;
  let sum = 0;
  let seen = 0;
  for (let i = 0; i < Math.min(radius, count); i++, seen++) sum += line[i] ?? 0;
  for (let i = 0; i < count; i++) {
    if (i + radius < count) {
      sum += line[i + radius] ?? 0;
      seen++;
    }
    if (i - radius > 0) {
      sum -= line[i - radius - 1] ?? 0;
      seen--;
    }
    plane[start + i * step] = sum / seen;
  }
}
