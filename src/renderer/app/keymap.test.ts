import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseChord } from "./chords.js";
import { COMMAND_IDS, COMMANDS } from "./commands/table.js";
import { Keymap } from "./keymap.svelte.js";

describe("keymap", () => {
  it("has well-formed default chords, each asking for one command only", () => {
    const map = new Keymap(false);
    for (const id of COMMAND_IDS) {
      for (const chord of COMMANDS[id].keys ?? []) {
        expect(parseChord(chord)).toBe(chord);
        expect(map.ownerOf(chord), `${chord} of ${id}`).toBe(id);
      }
    }
  });

  it("lets a person's chord replace the default ones, and takes it from whoever had it", () => {
    const map = new Keymap(false);
    map.overrides = map.withChord("brush", "KeyE");
    expect(map.ownerOf("KeyE")).toBe("brush");
    expect(map.ownerOf("KeyB")).toBeNull();
    expect(map.chordsOf("eraser")).toEqual([]);
    expect(map.text("eraser")).toBe("");
    expect(map.text("brush")).toBe("E");
  });

  it("keeps a command's second chord when its first is taken", () => {
    const map = new Keymap(false);
    map.overrides = map.withChord("brush", "Ctrl+Shift+KeyZ");
    expect(map.ownerOf("Ctrl+KeyY")).toBe("redo");
    expect(map.text("redo")).toBe("Ctrl+Y");
  });

  it("forgets a change that leads back to the default, and one command's changes at a time", () => {
    const map = new Keymap(false);
    map.overrides = map.withChord("brush", "F9");
    map.overrides = map.withChord("brush", "KeyB");
    expect(map.overrides).toEqual({});
    map.overrides = map.withChord("brush", "KeyE");
    map.overrides = map.withDefault("eraser");
    expect(map.ownerOf("KeyE")).toBe("eraser");
    expect(map.ownerOf("KeyB")).toBe("brush");
  });

  it("never lets two commands have one chord, whatever was remapped", () => {
    const chords = COMMAND_IDS.flatMap((id) => COMMANDS[id].keys ?? []);
    const change = fc.tuple(fc.constantFrom(...COMMAND_IDS), fc.constantFrom(...chords));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
        const map = new Keymap(false);
        for (const [id, chord] of changes) {
          map.overrides = map.withChord(id, chord);
          expect(map.ownerOf(chord)).toBe(id);
          expect(map.chordsOf(id)).toContain(chord);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("ignores saved shortcuts that are damaged or belong to another version", () => {
    const map = new Keymap(false);
    map.overrides = { brush: "Banana+B", teleport: "KeyB" };
    expect(map.chordsOf("brush")).toEqual([]);
    expect(map.ownerOf("KeyB")).toBeNull();
  });
});
