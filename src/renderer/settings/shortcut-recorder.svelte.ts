import { chordOf, type Chord, type KeyPress } from "../app/chords.js";
import type { CommandId } from "../app/commands/table.js";
import type { Keymap, Overrides } from "../app/keymap.svelte.js";

/** A chord that another command has, and is asked about. */
export interface Conflict {
  readonly chord: Chord;
  readonly owner: CommandId;
}

/** Changes one command's shortcut at a time by the keys that the person presses. */
export class ShortcutRecorder {
  /** The command whose new keys are waited for. */
  recording = $state<CommandId | null>(null);
  conflict = $state.raw<Conflict | null>(null);
  /** True after keys that cannot be a shortcut. */
  isUnusable = $state(false);
  readonly #keymap: Keymap;
  readonly #keep: (overrides: Overrides) => void;

  constructor(keymap: Keymap, keep: (overrides: Overrides) => void) {
    this.#keymap = keymap;
    this.#keep = keep;
  }

  start(id: CommandId): void {
    this.stop();
    this.recording = id;
  }

  stop(): void {
    this.recording = null;
    this.conflict = null;
    this.isUnusable = false;
  }

  /** Takes a key press; true if it was meant for the recording. */
  press(press: KeyPress): boolean {
    const id = this.recording;
    if (id === null || this.conflict !== null) return false;
    // Focus must be able to leave, by Tab, without a mouse.
    if (press.key === "Tab") {
      this.stop();
      return false;
    }
    if (isModifier(press.key)) return true;
    const chord = chordOf(press);
    if (chord === "Escape") this.stop();
    else if (chord === "Backspace" || chord === "Delete") this.#finish({ ...this.#now, [id]: "" });
    else if (chord === null || chord === "Space") this.isUnusable = true;
    else this.#take(id, chord);
    return true;
  }

  /** Gives the chord to the recorded command, and takes it from its owner. */
  takeOver(): void {
    const { recording, conflict } = this;
    if (recording === null || conflict === null) return;
    this.#finish(this.#keymap.withChord(recording, conflict.chord));
  }

  /** One command back to its default. */
  reset(id: CommandId): void {
    this.#finish(this.#keymap.withDefault(id));
  }

  resetAll(): void {
    this.#finish({});
  }

  get #now(): Overrides {
    return this.#keymap.overrides;
  }

  #take(id: CommandId, chord: Chord): void {
    const owner = this.#keymap.ownerOf(chord);
    this.isUnusable = false;
    if (owner !== null && owner !== id) this.conflict = { chord, owner };
    else this.#finish(this.#keymap.withChord(id, chord));
  }

  #finish(overrides: Overrides): void {
    this.stop();
    this.#keep(overrides);
  }
}

function isModifier(key: string): boolean {
  return ["Control", "Shift", "Alt", "Meta", "AltGraph"].includes(key);
}
