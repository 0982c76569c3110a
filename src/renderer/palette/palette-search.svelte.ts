import type { CommandGroup } from "../app/commands/command.js";
import { COMMANDS, commandsByGroup, type CommandId } from "../app/commands/table.js";
import type { Editor } from "../app/editor.svelte.js";
import { wordScore } from "./word-score.js";

/** Commands of one menu that fit what was typed, the best first. */
export interface Findings {
  readonly group: CommandGroup;
  readonly ids: readonly CommandId[];
}

/** What the command palette finds, and which entry Enter would run. */
export class PaletteSearch {
  readonly findings: readonly Findings[] = $derived.by(() => this.#find());
  readonly ids: readonly CommandId[] = $derived(this.findings.flatMap(({ ids }) => ids));
  /** Null if nothing fits. */
  readonly active: CommandId | null = $derived(this.#activeOf());
  readonly #editor: Editor;
  #search = $state("");
  #chosen = $state<CommandId | null>(null);

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  get search(): string {
    return this.#search;
  }

  /** Other words: the best finding is the one to run. */
  set search(search: string) {
    this.#search = search;
    this.#chosen = null;
  }

  point(id: CommandId): void {
    this.#chosen = id;
  }

  /** To the next or previous entry, round the ends; or to an end. */
  move(to: "next" | "previous" | "first" | "last"): void {
    const { ids } = this;
    const last = ids.length - 1;
    const at = this.active === null ? -1 : ids.indexOf(this.active);
    const target = {
      next: at >= last ? 0 : at + 1,
      previous: at <= 0 ? last : at - 1,
      first: 0,
      last,
    }[to];
    this.#chosen = ids[target] ?? null;
  }

  #activeOf(): CommandId | null {
    const chosen = this.#chosen;
    return chosen !== null && this.ids.includes(chosen) ? chosen : (this.ids[0] ?? null);
  }

  /** With the group that fits best first; without any words in the order of the menus. */
  #find(): readonly Findings[] {
    const score = (id: CommandId) => wordScore(COMMANDS[id].text(), this.#search);
    return commandsByGroup()
      .map(({ group, ids }) => {
        const fitting = ids.filter((id) => this.#isOffered(id) && score(id) > 0);
        return { group, ids: fitting.sort((a, b) => score(b) - score(a)) };
      })
      .filter(({ ids }) => ids.length > 0)
      .sort((a, b) => best(b.ids, score) - best(a.ids, score));
  }

  #isOffered(id: CommandId): boolean {
    const { keysOnly, isEnabled } = COMMANDS[id];
    return keysOnly !== true && id !== "palette" && isEnabled?.(this.#editor) !== false;
  }
}

function best(ids: readonly CommandId[], score: (id: CommandId) => number): number {
  const first = ids[0];
  return first === undefined ? 0 : score(first);
}
