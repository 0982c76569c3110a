/**
 * For a group of which one is chosen: who comes by Tab comes to that one, not to the first. Handles the
 * group's `focusin`.
 */
export function enterAtChosen({ currentTarget, target, relatedTarget }: FocusEvent): void {
  if (!(currentTarget instanceof HTMLElement) || !(target instanceof HTMLElement)) return;
  const comesFromWithin = relatedTarget instanceof Node && currentTarget.contains(relatedTarget);
  if (comesFromWithin || !target.matches(":focus-visible")) return;
  const chosen = currentTarget.querySelector<HTMLElement>('[data-state="on"]');
  if (chosen !== target) chosen?.focus();
}
