/**
 * Work on many pixels that can be stopped: it yields every few hundredths of a second, and gives its
 * result at the end.
 */
export type Steps<T> = Generator<void, T>;

/** Does all of it without a stop. */
export function allAtOnce<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}
