/** Everything that a key, a menu or a button can ask for. */
export const COMMANDS = [
  "open",
  "save",
  "undo",
  "redo",
  "generate",
  "pan",
  "brush",
  "eraser",
  "rectangle",
  "invertMask",
  "clearMask",
  "brushSmaller",
  "brushLarger",
  "zoomIn",
  "zoomOut",
  "zoomFit",
  "zoomActual",
  "compareSplit",
  "run",
  "cancel",
] as const;
export type CommandId = (typeof COMMANDS)[number];

/** A key with its modifiers. `ctrl` also stands for the Command key. */
export interface KeyBinding {
  readonly key: string;
  readonly ctrl?: boolean;
  readonly shift?: boolean;
}

export const BINDINGS: Readonly<Record<CommandId, readonly KeyBinding[]>> = {
  open: [{ key: "o", ctrl: true }],
  save: [{ key: "s", ctrl: true }],
  undo: [{ key: "z", ctrl: true }],
  redo: [
    { key: "z", ctrl: true, shift: true },
    { key: "y", ctrl: true },
  ],
  generate: [{ key: "g", ctrl: true }],
  pan: [{ key: "h" }],
  brush: [{ key: "b" }],
  eraser: [{ key: "e" }],
  rectangle: [{ key: "r" }],
  invertMask: [{ key: "i", ctrl: true }],
  clearMask: [{ key: "d", ctrl: true }],
  brushSmaller: [{ key: "[" }],
  brushLarger: [{ key: "]" }],
  zoomIn: [{ key: "+" }, { key: "=" }, { key: "+", ctrl: true }, { key: "=", ctrl: true }],
  zoomOut: [{ key: "-" }, { key: "-", ctrl: true }],
  zoomFit: [{ key: "0" }, { key: "0", ctrl: true }],
  zoomActual: [{ key: "1" }, { key: "1", ctrl: true }],
  compareSplit: [{ key: "x" }],
  run: [{ key: "Enter" }, { key: "Enter", ctrl: true }],
  cancel: [{ key: "Escape" }],
};

/** The parts of a keyboard event that decide. */
export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/** The command of a key press, or null. */
export function commandFor(press: KeyPress): CommandId | null {
  if (press.altKey) return null;
  return COMMANDS.find((id) => BINDINGS[id].some((binding) => matches(binding, press))) ?? null;
}

function matches(binding: KeyBinding, press: KeyPress): boolean {
  const isCtrl = press.ctrlKey || press.metaKey;
  if (isCtrl !== (binding.ctrl ?? false)) return false;
  const isLetter = /^[a-z]$/.test(binding.key);
  // Signs such as + may need Shift on a layout; letters mean another command with it.
  if (isLetter && press.shiftKey !== (binding.shift ?? false)) return false;
  if (press.key.toLowerCase() === binding.key.toLowerCase()) return true;
  // On a Cyrillic or Greek layout the key's place counts: Ctrl+Z must undo there too.
  return (
    isLetter &&
    !/^[\u0020-\u024f]$/.test(press.key) &&
    press.code === `Key${binding.key.toUpperCase()}`
  );
}

const KEY_NAMES: Readonly<Record<string, string>> = { Escape: "Esc", Enter: "Enter" };

/** `Ctrl+Shift+Z`, or `⇧⌘Z` on a Mac. */
export function shortcutText(id: CommandId, isMac: boolean): string {
  const binding = BINDINGS[id][0];
  if (binding === undefined) return "";
  const key = KEY_NAMES[binding.key] ?? binding.key.toUpperCase();
  if (isMac) return `${binding.shift ? "⇧" : ""}${binding.ctrl ? "⌘" : ""}${key}`;
  return `${binding.ctrl ? "Ctrl+" : ""}${binding.shift ? "Shift+" : ""}${key}`;
}
