import type { DocumentId } from "../../shared/ids.js";
import type { Workspace } from "../document/workspace.svelte.js";

/** The open pictures in their order, and the one in front. There is always at least one, maybe blank. */
export class Tabs {
  list = $state.raw<readonly Workspace[]>([]);
  #activeId = $state(0);
  readonly #make: () => Workspace;

  constructor(make: () => Workspace) {
    this.#make = make;
    this.#add(0);
  }

  readonly active: Workspace = $derived.by(() => {
    const [first] = this.list;
    const found = this.list.find(({ id }) => id === this.#activeId) ?? first;
    if (found === undefined) throw new RangeError("there is always a tab");
    return found;
  });

  /** Pictures only, without a blank workspace. */
  readonly pictures: readonly Workspace[] = $derived.by(() =>
    this.list.filter(({ document }) => document.info !== null),
  );

  ofDocument(documentId: DocumentId): Workspace | null {
    return this.list.find(({ document }) => document.info?.documentId === documentId) ?? null;
  }

  /** Where the next picture goes: into the shown tab if that is blank, else into a new one beside it. */
  makeRoom(): Workspace {
    const { active } = this;
    return active.isBlank ? active : this.#add(this.list.indexOf(active) + 1);
  }

  show(workspace: Workspace): void {
    if (this.list.includes(workspace)) this.#activeId = workspace.id;
  }

  /** Shows the neighbour; after the last one comes the first. */
  step(by: 1 | -1): void {
    const at = this.list.indexOf(this.active);
    const next = this.list.at((at + by) % this.list.length);
    if (next !== undefined) this.show(next);
  }

  /** Puts a tab at another place, counted without itself. */
  move(workspace: Workspace, index: number): void {
    const others = this.list.filter((candidate) => candidate !== workspace);
    if (others.length === this.list.length) return;
    const at = Math.max(0, Math.min(index, others.length));
    this.list = [...others.slice(0, at), workspace, ...others.slice(at)];
  }

  /** Takes a tab away; of the shown one the right neighbour comes to the front. */
  remove(workspace: Workspace): void {
    const at = this.list.indexOf(workspace);
    if (at < 0) return;
    const wasActive = this.active === workspace;
    this.list = this.list.filter((candidate) => candidate !== workspace);
    if (this.list.length === 0) this.#add(0);
    else if (wasActive) this.#activeId = (this.list[at] ?? this.list[at - 1] ?? workspace).id;
  }

  #add(index: number): Workspace {
    const workspace = this.#make();
    this.list = [...this.list.slice(0, index), workspace, ...this.list.slice(index)];
    this.#activeId = workspace.id;
    return workspace;
  }
}
