import type { Workspace } from "../document/workspace.svelte.js";
import type { Tabs } from "./tabs.svelte.js";

/** A hand that clicks moves a little; only further than that is a drag. */
const THRESHOLD_PX = 6;

/** Moves a tab with the pointer that holds it. */
export class TabDrag {
  /** The tab that is being moved, or null. */
  workspace = $state.raw<Workspace | null>(null);
  readonly #tabs: Tabs;
  #held: { readonly workspace: Workspace; readonly fromX: number } | null = null;

  constructor(tabs: Tabs) {
    this.#tabs = tabs;
  }

  down(event: PointerEvent, workspace: Workspace): void {
    if (event.button === 0) this.#held = { workspace, fromX: event.clientX };
  }

  move(event: PointerEvent): void {
    const held = this.#held;
    const item = event.currentTarget;
    if (held === null || !(item instanceof HTMLElement)) return;
    if (this.workspace === null) {
      if (Math.abs(event.clientX - held.fromX) < THRESHOLD_PX) return;
      this.workspace = held.workspace;
      item.setPointerCapture(event.pointerId);
    }
    // Tabs whose middle lies to the left of the pointer come before the moved one.
    const others = [...(item.parentElement?.children ?? [])].filter((other) => other !== item);
    const before = others.filter((other) => {
      const { left, width } = other.getBoundingClientRect();
      return left + width / 2 < event.clientX;
    });
    if (this.#tabs.list.indexOf(held.workspace) !== before.length) {
      this.#tabs.move(held.workspace, before.length);
    }
  }

  end(): void {
    this.#held = null;
    this.workspace = null;
  }
}
