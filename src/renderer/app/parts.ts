import { tabbable } from "tabbable";

/**
 * Moves the focus to the next or previous part of the screen that has anything to focus: what is marked by
 * `data-part`, in reading order, and round. Tab alone passes every control in between.
 */
export function focusPart(step: 1 | -1): void {
  const parts = [...document.querySelectorAll<HTMLElement>("[data-part]")].flatMap((part) => {
    const [first] = tabbable(part, { includeContainer: true });
    return first === undefined ? [] : [{ part, first }];
  });
  const current = parts.findIndex(({ part }) => part.contains(document.activeElement));
  // From nowhere, forwards is the first part and backwards the last.
  const from = current < 0 && step < 0 ? 0 : current;
  parts.at((from + step) % parts.length)?.first.focus();
}
