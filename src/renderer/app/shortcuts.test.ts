import { describe, expect, it } from "vitest";
import { BINDINGS, COMMANDS, commandFor, shortcutText, type KeyPress } from "./shortcuts.js";

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: "",
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...more,
});

describe("shortcuts", () => {
  it("gives each key to one command only", () => {
    for (const id of COMMANDS) {
      for (const { key, ctrl = false, shift = false } of BINDINGS[id]) {
        expect(commandFor(press(key, { ctrlKey: ctrl, shiftKey: shift }))).toBe(id);
      }
    }
  });

  it("tells undo from redo by Shift, with capital letters as browsers send them", () => {
    expect(commandFor(press("Z", { ctrlKey: true, shiftKey: true }))).toBe("redo");
    expect(commandFor(press("z", { metaKey: true }))).toBe("undo");
  });

  it("works on layouts without Latin letters, and leaves other Latin layouts their letters", () => {
    expect(commandFor(press("я", { code: "KeyZ", ctrlKey: true }))).toBe("undo");
    // On a German keyboard Y and Z change places: the printed letter counts.
    expect(commandFor(press("y", { code: "KeyZ", ctrlKey: true }))).toBe("redo");
  });

  it("leaves keys with Alt, and letters with Shift, to the system", () => {
    expect(commandFor(press("b", { altKey: true }))).toBeNull();
    expect(commandFor(press("B", { shiftKey: true }))).toBeNull();
  });

  it("writes shortcuts as the platform does", () => {
    expect(shortcutText("redo", false)).toBe("Ctrl+Shift+Z");
    expect(shortcutText("redo", true)).toBe("⇧⌘Z");
    expect(shortcutText("cancel", false)).toBe("Esc");
  });
});
