/** Maths on four floats that both modules need. */

export function sumLanes(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) +
    f32x4.extract_lane(x, 1) +
    (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  );
}

export function largestLane(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}

/** Added to 1.5 * 2^23, a small number loses its fraction, and its whole part stands in the lowest bits. */
const SHIFT: f32 = 12582912;

/** The nearest integers (ties to even) of floats between -2^22 and 2^22. */
export function rounded(x: v128): v128 {
  return i32x4.sub(f32x4.add(x, f32x4.splat(SHIFT)), i32x4.splat(0x4b40_0000));
}

/** e^x for x <= 0, 0 below -87 and for what is no number; within 2 units of the last place. Cephes' polynomial (S. Moshier, `expf`). */
export function exponential(x: v128): v128 {
  const isUsual = f32x4.ge(x, f32x4.splat(-87));
  const shifted = f32x4.add(f32x4.mul(x, f32x4.splat(1.44269504)), f32x4.splat(SHIFT));
  const halvings = f32x4.sub(shifted, f32x4.splat(SHIFT));
  // ln 2 in two parts, of which the first has few bits: its products are exact.
  let rest = f32x4.sub(x, f32x4.mul(halvings, f32x4.splat(0.693359375)));
  rest = f32x4.sub(rest, f32x4.mul(halvings, f32x4.splat(-2.1219444e-4)));
  let series = f32x4.splat(1.98756915e-4);
  series = f32x4.add(f32x4.mul(series, rest), f32x4.splat(1.3981999507e-3));
  series = f32x4.add(f32x4.mul(series, rest), f32x4.splat(8.3334519073e-3));
  series = f32x4.add(f32x4.mul(series, rest), f32x4.splat(4.1665795894e-2));
  series = f32x4.add(f32x4.mul(series, rest), f32x4.splat(1.6666665459e-1));
  series = f32x4.add(f32x4.mul(series, rest), f32x4.splat(5.0000001201e-1));
  series = f32x4.add(f32x4.mul(series, f32x4.mul(rest, rest)), rest);
  series = f32x4.add(series, f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(shifted, i32x4.splat(127)), 23);
  return v128.and(f32x4.mul(series, power), isUsual);
}
