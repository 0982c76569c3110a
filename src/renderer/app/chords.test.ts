import { describe, expect, it } from "vitest";
import { acceleratorOf, chordOf, chordText, parseChord, type KeyPress } from "./chords.js";

const press = (code: string, key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...more,
});
const names = { isMac: false, printed: new Map<string, string>() };

describe("key chords", () => {
  it("go by the key's place on layouts without Latin letters", () => {
    expect(chordOf(press("KeyZ", "я", { ctrlKey: true }))).toBe("Ctrl+KeyZ");
    expect(chordOf(press("KeyB", "ㅠ"))).toBe("KeyB");
  });

  it("go by a printed Latin letter, since that is what people know by heart", () => {
    // On a German keyboard Y and Z change places.
    expect(chordOf(press("KeyY", "z", { ctrlKey: true }))).toBe("Ctrl+KeyZ");
    expect(chordOf(press("KeyQ", "a", { metaKey: true }))).toBe("Ctrl+KeyA");
  });

  it("take zoom signs as printed while Ctrl is held, and other signs by place", () => {
    expect(chordOf(press("BracketRight", "+", { ctrlKey: true }))).toBe("Ctrl+Equal");
    expect(chordOf(press("Slash", "-", { ctrlKey: true }))).toBe("Ctrl+Minus");
    expect(chordOf(press("BracketLeft", "ü"))).toBe("BracketLeft");
    expect(chordOf(press("Digit1", "&"))).toBe("Digit1");
  });

  it("count the number pad as the same keys, and tell modifiers apart", () => {
    expect(chordOf(press("NumpadEnter", "Enter"))).toBe("Enter");
    expect(chordOf(press("Numpad0", "0"))).toBe("Digit0");
    expect(chordOf(press("KeyZ", "Z", { ctrlKey: true, shiftKey: true }))).toBe("Ctrl+Shift+KeyZ");
    expect(chordOf(press("KeyB", "b", { altKey: true }))).toBe("Alt+KeyB");
  });

  it("are none for a modifier alone, a key of the system, or damaged text", () => {
    expect(chordOf(press("ControlLeft", "Control", { ctrlKey: true }))).toBeNull();
    expect(chordOf(press("AudioVolumeUp", "AudioVolumeUp"))).toBeNull();
    for (const text of ["", "Ctrl+", "Shift+Ctrl+KeyA", "KeyÄ", "Ctrl+Ctrl+KeyA", "constructor"]) {
      expect(parseChord(text)).toBeNull();
    }
  });

  it("are written as the system does, with what the keyboard prints", () => {
    expect(chordText("Ctrl+Shift+KeyZ", names)).toBe("Ctrl+Shift+Z");
    expect(chordText("Ctrl+Shift+KeyZ", { ...names, isMac: true })).toBe("⇧⌘Z");
    expect(chordText("Escape", names)).toBe("Esc");
    const german = { isMac: false, printed: new Map([["BracketLeft", "ü"]]) };
    expect(chordText("BracketLeft", german)).toBe("Ü");
    expect(acceleratorOf("Ctrl+Shift+KeyZ")).toBe("CmdOrCtrl+Shift+Z");
    expect(acceleratorOf("Ctrl+Equal")).toBe("CmdOrCtrl+Plus");
  });
});
