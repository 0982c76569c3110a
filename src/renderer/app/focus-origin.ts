/**
 * Tells whether the focus came to where it is by keyboard. `:focus-visible` does not: a browser shows
 * the ring of a control that was clicked with the first key that is pressed, before anyone hears of it.
 * @returns how to ask, and how to stop
 */
export function watchFocusOrigin(): {
  readonly cameByKeys: () => boolean;
  readonly stop: () => void;
} {
  let isPointing = false;
  let cameByKeys = false;
  const pointed = () => {
    isPointing = true;
    cameByKeys = false;
  };
  const pressed = () => {
    isPointing = false;
  };
  const focused = () => {
    cameByKeys = !isPointing;
  };
  window.addEventListener("pointerdown", pointed, true);
  window.addEventListener("keydown", pressed, true);
  window.addEventListener("focusin", focused, true);
  const stop = () => {
    window.removeEventListener("pointerdown", pointed, true);
    window.removeEventListener("keydown", pressed, true);
    window.removeEventListener("focusin", focused, true);
  };
  return { cameByKeys: () => cameByKeys, stop };
}
