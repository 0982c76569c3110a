import { chordOf, chordText, parseChord, type Chord, type KeyPress } from "./chords.js";
import { COMMAND_IDS, COMMANDS, type CommandId } from "./commands/table.js";

/** A person's own shortcuts: command to chord, an empty text for none. */
export type Overrides = Readonly<Record<string, string>>;

/** Which chord asks for which command: the defaults, and what the person changed. */
export class Keymap {
  overrides = $state.raw<Overrides>({});
  /** What the keyboard in use prints on its keys, where the browser tells. */
  printed = $state.raw<ReadonlyMap<string, string>>(new Map());
  readonly isMac: boolean;
  readonly #byChord = $derived.by(() => this.#index());

  constructor(isMac: boolean) {
    this.isMac = isMac;
  }

  /** Every chord of a command, the one to show first. */
  chordsOf(id: CommandId): readonly Chord[] {
    const own = this.overrides[id];
    if (own === undefined) return defaultChords(id);
    const chord = parseChord(own);
    return chord === null ? [] : [chord];
  }

  isChanged(id: CommandId): boolean {
    return this.overrides[id] !== undefined;
  }

  commandFor(press: KeyPress): CommandId | null {
    const chord = chordOf(press);
    return chord === null ? null : this.ownerOf(chord);
  }

  /** Who has this chord now. */
  ownerOf(chord: Chord): CommandId | null {
    return this.#byChord.get(chord) ?? null;
  }

  /** The shortcut as this system writes it; empty for none. */
  text(id: CommandId): string {
    const chord = this.chordsOf(id)[0];
    return chord === undefined ? "" : this.chordText(chord);
  }

  chordText(chord: Chord): string {
    return chordText(chord, { isMac: this.isMac, printed: this.printed });
  }

  /** `overrides` with this chord for the command; whoever had it so far loses it. */
  withChord(id: CommandId, chord: Chord): Overrides {
    const next: Record<string, string> = { ...this.overrides };
    const owner = this.ownerOf(chord);
    if (owner !== null && owner !== id) {
      next[owner] = this.chordsOf(owner).find((other) => other !== chord) ?? "";
    }
    if (defaultChords(id)[0] === chord) delete next[id];
    else next[id] = chord;
    return next;
  }

  /** `overrides` without this command's; another one that took its default chord loses it again. */
  withDefault(id: CommandId): Overrides {
    const defaults: readonly string[] = defaultChords(id);
    return Object.fromEntries(
      Object.entries(this.overrides).filter(
        ([other, chord]) => other !== id && !defaults.includes(chord),
      ),
    );
  }

  /** A person's own chords come first: a default that they gave away stays given away. */
  #index(): ReadonlyMap<Chord, CommandId> {
    const byChord = new Map<Chord, CommandId>();
    const ids = [...COMMAND_IDS].sort(
      (a, b) => Number(this.isChanged(b)) - Number(this.isChanged(a)),
    );
    for (const id of ids) {
      for (const chord of this.chordsOf(id)) if (!byChord.has(chord)) byChord.set(chord, id);
    }
    return byChord;
  }
}

function defaultChords(id: CommandId): readonly Chord[] {
  return COMMANDS[id].keys ?? [];
}

/** The keymap of this page: one person sits at it. */
export const keymap = new Keymap(/Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? ""));
