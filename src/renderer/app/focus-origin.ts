/**
 * Tells whether the focus came to where it is without a pointer: by keyboard, or set by an assistive
 * technology. `:focus-visible` does not tell: a browser shows the ring of a control that was clicked with
 * the first key that is pressed, before anyone hears of it.
 * @returns how to ask, and how to stop
 */
export function watchFocusOrigin(): {
  readonly cameWithoutPointer: () => boolean;
  readonly stop: () => void;
} {
  let isPointing = false;
  let cameWithoutPointer = false;
  let timer: number | undefined;
  const pointed = () => {
    clearTimeout(timer);
    isPointing = true;
    cameWithoutPointer = false;
  };
  // The click comes after the pointer has gone up, in the same task, and may move the focus.
  const released = () => {
    timer = window.setTimeout(() => {
      isPointing = false;
    });
  };
  const focused = () => {
    cameWithoutPointer = !isPointing;
  };
  window.addEventListener("pointerdown", pointed, true);
  window.addEventListener("pointerup", released, true);
  window.addEventListener("pointercancel", released, true);
  window.addEventListener("focusin", focused, true);
  const stop = () => {
    clearTimeout(timer);
    window.removeEventListener("pointerdown", pointed, true);
    window.removeEventListener("pointerup", released, true);
    window.removeEventListener("pointercancel", released, true);
    window.removeEventListener("focusin", focused, true);
  };
  return { cameWithoutPointer: () => cameWithoutPointer, stop };
}
