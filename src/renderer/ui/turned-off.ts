import type { Attachment } from "svelte/attachments";

/** What would press a button. */
const PRESSES = ["click", "pointerdown", "keydown"] as const;

/**
 * Turns a button off. One that has the focus keeps it and only does nothing, so that whoever presses
 * Undo for as long as there is something to undo stays where they are; it is left out once they go on.
 * The button says `aria-disabled` itself, which its looks go by.
 */
export function turnedOff(isOff: boolean): Attachment<HTMLButtonElement> {
  return (button) => {
    const leave = () => {
      button.disabled = isOff;
    };
    button.disabled = isOff && document.activeElement !== button;
    button.addEventListener("blur", leave);
    if (isOff) for (const type of PRESSES) button.addEventListener(type, refuse, true);
    return () => {
      button.removeEventListener("blur", leave);
      for (const type of PRESSES) button.removeEventListener(type, refuse, true);
    };
  };
}

/** Other keys are no business of the button. */
function refuse(event: Event): void {
  if (event instanceof KeyboardEvent && event.key !== "Enter" && event.key !== " ") return;
  event.stopImmediatePropagation();
  if (event.type !== "pointerdown") event.preventDefault();
}
