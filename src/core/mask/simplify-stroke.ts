import type { StrokePoint } from "./brush.js";

/**
 * Leaves points out that lie within `tolerancePx` of the straight line between their neighbours that
 * stay (Ramer, Douglas and Peucker). Both ends stay. A difference in pressure counts as a distance,
 * as far as it moves the brush's edge.
 */
export function simplifyStroke(
  points: readonly StrokePoint[],
  tolerancePx: number,
  diameterPx: number,
): readonly StrokePoint[] {
  const first = points[0];
  const last = points.at(-1);
  if (points.length < 3 || first === undefined || last === undefined) return points;
  const { index, distance } = farthest(points, first, last, diameterPx / 2);
  if (distance <= tolerancePx) return [first, last];
  const before = simplifyStroke(points.slice(0, index + 1), tolerancePx, diameterPx);
  const after = simplifyStroke(points.slice(index), tolerancePx, diameterPx);
  return [...before, ...after.slice(1)];
}

function farthest(
  points: readonly StrokePoint[],
  from: StrokePoint,
  to: StrokePoint,
  radiusPx: number,
): { readonly index: number; readonly distance: number } {
  const depth = ({ pressure = 1 }: StrokePoint) => radiusPx * pressure;
  const line = [to.x - from.x, to.y - from.y, depth(to) - depth(from)] as const;
  const lengthSquared = line[0] ** 2 + line[1] ** 2 + line[2] ** 2;
  let worst = { index: 0, distance: 0 };
  for (const [index, point] of points.entries()) {
    const offset = [point.x - from.x, point.y - from.y, depth(point) - depth(from)] as const;
    const dot = offset[0] * line[0] + offset[1] * line[1] + offset[2] * line[2];
    const along = lengthSquared > 0 ? Math.max(0, Math.min(1, dot / lengthSquared)) : 0;
    const distance = Math.hypot(
      offset[0] - along * line[0],
      offset[1] - along * line[1],
      offset[2] - along * line[2],
    );
    if (distance > worst.distance) worst = { index, distance };
  }
  return worst;
}
