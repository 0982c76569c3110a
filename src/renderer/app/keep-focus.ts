/** Dialogs and menus give the focus back by themselves, within that time. */
const OWN_RETURN_MS = 40;

/**
 * Keeps the focus out of nowhere. A control that leaves the screen or turns off takes the focus with
 * it, and the next Tab would begin at the window's first corner. It goes to where the nearest part of
 * the screen that stayed says, by its attribute `data-focus-home`: a selector of the element to go to.
 * @returns how to stop
 */
export function keepFocus(): () => void {
  const left = ({ target, relatedTarget }: FocusEvent) => {
    if (relatedTarget !== null || !(target instanceof HTMLElement)) return;
    // Now it still knows where it was.
    const around = ancestorsOf(target);
    setTimeout(() => {
      if (document.activeElement !== document.body || canHoldFocus(target)) return;
      homeWithin(around)?.focus({ preventScroll: true });
    }, OWN_RETURN_MS);
  };
  document.addEventListener("focusout", left);
  return () => document.removeEventListener("focusout", left);
}

function ancestorsOf(element: HTMLElement): readonly HTMLElement[] {
  const { parentElement } = element;
  return parentElement === null ? [] : [parentElement, ...ancestorsOf(parentElement)];
}

function canHoldFocus(element: HTMLElement): boolean {
  return element.isConnected && !element.matches(":disabled") && element.checkVisibility();
}

function homeWithin(around: readonly HTMLElement[]): HTMLElement | null {
  const selector = around.find(({ isConnected, dataset }) => isConnected && "focusHome" in dataset)
    ?.dataset["focusHome"];
  return selector === undefined ? null : document.querySelector<HTMLElement>(selector);
}
