/** How before and after are compared: not, the original alone while a button is held, or side by side. */
export class CompareController {
  isHeld = $state(false);
  isSplit = $state(false);
  /** Where the divider stands, as a fraction of the picture's width. */
  position = $state(0.5);

  hold(): void {
    this.isHeld = true;
  }

  release(): void {
    this.isHeld = false;
  }

  toggleSplit(): void {
    this.isSplit = !this.isSplit;
  }

  moveTo(position: number): void {
    this.position = Math.max(0, Math.min(position, 1));
  }

  stop(): void {
    this.isHeld = false;
    this.isSplit = false;
    this.position = 0.5;
  }
}
