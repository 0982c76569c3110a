/** How before and after are laid out: not at all, under a divider, or side by side. */
export type CompareLayout = "off" | "split" | "side";

/** How before and after are compared; the original alone is shown while a button is held. */
export class CompareController {
  isHeld = $state(false);
  layout = $state<CompareLayout>("off");
  /** Where the divider stands, as a fraction of the picture's width. */
  position = $state(0.5);

  get isSplit(): boolean {
    return this.layout === "split";
  }

  get isSideBySide(): boolean {
    return this.layout === "side";
  }

  hold(): void {
    this.isHeld = true;
  }

  release(): void {
    this.isHeld = false;
  }

  toggleSplit(): void {
    this.layout = this.isSplit ? "off" : "split";
  }

  toggleSideBySide(): void {
    this.layout = this.isSideBySide ? "off" : "side";
  }

  moveTo(position: number): void {
    this.position = Math.max(0, Math.min(position, 1));
  }

  stop(): void {
    this.isHeld = false;
    this.layout = "off";
    this.position = 0.5;
  }
}
