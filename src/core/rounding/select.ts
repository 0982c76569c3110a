/** Below this many values, sorting by insertion is faster than selecting. */
const SORTED_COUNT = 24;

/**
 * The k-th largest (k = 1 is the largest) of `values[0..count-1]`, which are reordered.
 * Linear time on average, no allocation, and the same steps for the same values.
 */
export function kthLargest(values: Float64Array, count: number, k: number): number {
  let from = 0;
  let to = count - 1;
  const wanted = k - 1;
  while (to - from >= SORTED_COUNT) {
    const pivot = medianOfThree(values, from, to);
    let left = from;
    let right = to;
    while (left <= right) {
      while ((values[left] ?? 0) > pivot) left++;
      while ((values[right] ?? 0) < pivot) right--;
      if (left > right) break;
      swap(values, left++, right--);
    }
    // Now everything up to `right` is >= pivot and everything from `left` on is <= pivot.
    if (wanted <= right) to = right;
    else if (wanted >= left) from = left;
    else return pivot;
  }
  sortDescending(values, from, to);
  return values[wanted] ?? 0;
}

function medianOfThree(values: Float64Array, from: number, to: number): number {
  const a = values[from] ?? 0;
  const b = values[(from + to) >> 1] ?? 0;
  const c = values[to] ?? 0;
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

function swap(values: Float64Array, i: number, j: number): void {
  const held = values[i] ?? 0;
  values[i] = values[j] ?? 0;
  values[j] = held;
}

function sortDescending(values: Float64Array, from: number, to: number): void {
  for (let i = from + 1; i <= to; i++) {
    const held = values[i] ?? 0;
    let j = i - 1;
    for (; j >= from && (values[j] ?? 0) < held; j--) values[j + 1] = values[j] ?? 0;
    values[j + 1] = held;
  }
}
