/** Reads `count` values from `source`, writes as many to `target`; neither array is kept. */
type LineFilter = (source: Float64Array, target: Float64Array, count: number) => void;

/**
 * Euclidean distance in pixels from each non-zero value to the nearest zero, 0 at zeros, Infinity
 * where there is no zero at all. Exact: the squared distance is the least over columns of
 * (column offset)^2 + (distance within that column)^2, a lower envelope of parabolas (Felzenszwalb
 * and Huttenlocher, 2012).
 */
export function distanceToZero(values: Uint8Array, width: number, height: number): Float64Array {
  const plane = new Float64Array(values).map((value) => (value === 0 ? 0 : Infinity));
  filterColumns(plane, width, height, squaredDistanceInLine);
  filterRows(plane, width, height, createLowerEnvelope(width));
  return plane.map(Math.sqrt);
}

/** The largest value in a square window of `radius` pixels around each value. */
export function windowMaximum(
  values: Float64Array,
  width: number,
  height: number,
  radius: number,
): Float64Array {
  const plane = values.slice();
  const filter = createSlidingMaximum(Math.max(width, height), radius);
  filterColumns(plane, width, height, filter);
  filterRows(plane, width, height, filter);
  return plane;
}

function filterRows(plane: Float64Array, width: number, height: number, filter: LineFilter): void {
  const line = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    const row = plane.subarray(y * width, (y + 1) * width);
    line.set(row);
    filter(line, row, width);
  }
}

function filterColumns(
  plane: Float64Array,
  width: number,
  height: number,
  filter: LineFilter,
): void {
  const line = new Float64Array(height);
  const filtered = new Float64Array(height);
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) line[y] = plane[y * width + x] ?? 0;
    filter(line, filtered, height);
    for (let y = 0; y < height; y++) plane[y * width + x] = filtered[y] ?? 0;
  }
}

/** Squared distance to the nearest 0 of a line of 0 and Infinity: one sweep each way. */
function squaredDistanceInLine(source: Float64Array, target: Float64Array, count: number): void {
  let distance = Infinity;
  for (let i = 0; i < count; i++) {
    distance = source[i] === 0 ? 0 : distance + 1;
    target[i] = distance;
  }
  distance = Infinity;
  for (let i = count - 1; i >= 0; i--) {
    distance = source[i] === 0 ? 0 : distance + 1;
    const nearest = Math.min(distance, target[i] ?? Infinity);
    target[i] = nearest * nearest;
  }
}

/** target[i] = min over j of source[j] + (i - j)^2, in linear time. */
function createLowerEnvelope(capacity: number): LineFilter {
  const lowest = new Int32Array(capacity);
  // The parabola of lowest[k] is the least from starts[k] on.
  const starts = new Float64Array(capacity);
  return (source, target, count) => {
    let last = -1;
    for (let j = 0; j < count; j++) {
      const height = source[j] ?? Infinity;
      if (height === Infinity) continue;
      let start = -Infinity;
      while (last >= 0) {
        const other = lowest[last] ?? 0;
        start = (height + j * j - (source[other] ?? 0) - other * other) / (2 * (j - other));
        if (start > (starts[last] ?? 0)) break;
        last--;
        start = -Infinity;
      }
      lowest[++last] = j;
      starts[last] = start;
    }
    if (last < 0) {
      target.fill(Infinity, 0, count);
      return;
    }
    let at = 0;
    for (let i = 0; i < count; i++) {
      while (at < last && (starts[at + 1] ?? 0) < i) at++;
      const j = lowest[at] ?? 0;
      target[i] = (source[j] ?? 0) + (i - j) * (i - j);
    }
  };
}

/** target[i] = max of source[i - radius .. i + radius], each value entering and leaving a queue once. */
function createSlidingMaximum(capacity: number, radius: number): LineFilter {
  // Indices whose values descend: the front is the maximum of the window.
  const queue = new Int32Array(capacity);
  return (source, target, count) => {
    let front = 0;
    let back = 0;
    for (let i = 0; i < count + radius; i++) {
      if (i < count) {
        const value = source[i] ?? 0;
        while (back > front && (source[queue[back - 1] ?? 0] ?? 0) <= value) back--;
        queue[back++] = i;
      }
      const centre = i - radius;
      if (centre < 0) continue;
      while ((queue[front] ?? 0) < centre - radius) front++;
      target[centre] = source[queue[front] ?? 0] ?? 0;
    }
  };
}
