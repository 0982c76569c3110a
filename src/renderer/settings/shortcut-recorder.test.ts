import { describe, expect, it } from "vitest";
import type { KeyPress } from "../app/chords.js";
import { Keymap } from "../app/keymap.svelte.js";
import { ShortcutRecorder } from "./shortcut-recorder.svelte.js";

const press = (code: string, key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  ...{ key, code, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false },
  ...more,
});

function setUp() {
  const keymap = new Keymap(false);
  const recorder = new ShortcutRecorder(keymap, (overrides) => (keymap.overrides = overrides));
  recorder.start("brush");
  return { keymap, recorder };
}

describe("recording a shortcut", () => {
  it("takes free keys at once, and waits while only modifiers are down", () => {
    const { keymap, recorder } = setUp();
    expect(recorder.press(press("ControlLeft", "Control", { ctrlKey: true }))).toBe(true);
    expect(recorder.recording).toBe("brush");
    recorder.press(press("F9", "F9", { ctrlKey: true }));
    expect(recorder.recording).toBeNull();
    expect(keymap.text("brush")).toBe("Ctrl+F9");
  });

  it("warns of keys that another command has, and changes nothing before the answer", () => {
    const { keymap, recorder } = setUp();
    recorder.press(press("KeyE", "e"));
    expect(recorder.conflict).toEqual({ chord: "KeyE", owner: "eraser" });
    expect(keymap.overrides).toEqual({});
    recorder.takeOver();
    expect(keymap.ownerOf("KeyE")).toBe("brush");
    expect(keymap.text("eraser")).toBe("");
  });

  it("leaves all as it is on Escape and Tab, and lets Tab move the focus", () => {
    const { keymap, recorder } = setUp();
    expect(recorder.press(press("Escape", "Escape"))).toBe(true);
    recorder.start("brush");
    expect(recorder.press(press("Tab", "Tab"))).toBe(false);
    expect([recorder.recording, keymap.overrides]).toEqual([null, {}]);
  });

  it("removes a shortcut on Backspace, and refuses keys that cannot be one", () => {
    const { keymap, recorder } = setUp();
    recorder.press(press("AudioVolumeUp", "AudioVolumeUp"));
    expect(recorder.isUnusable).toBe(true);
    recorder.press(press("Backspace", "Backspace"));
    expect(keymap.text("brush")).toBe("");
    recorder.reset("brush");
    expect(keymap.overrides).toEqual({});
  });
});
