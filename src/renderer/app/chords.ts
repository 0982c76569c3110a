const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
type Letter =
  // A union of one-letter strings cannot be made from LETTERS by the type system.
  | ("A" | "B" | "C" | "D" | "E" | "F" | "G" | "H" | "I" | "J" | "K" | "L" | "M")
  | ("N" | "O" | "P" | "Q" | "R" | "S" | "T" | "U" | "V" | "W" | "X" | "Y" | "Z");
type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";

/** Keys beside letters and digits, by `KeyboardEvent.code`, with what a US keyboard prints on them. */
const OTHER_KEYS = {
  Enter: "Enter",
  Escape: "Esc",
  Space: "Space",
  Tab: "Tab",
  Backspace: "Backspace",
  Delete: "Del",
  Insert: "Ins",
  Home: "Home",
  End: "End",
  PageUp: "PgUp",
  PageDown: "PgDn",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  BracketLeft: "[",
  BracketRight: "]",
  Minus: "-",
  Equal: "+",
  Semicolon: ";",
  Quote: "'",
  Backquote: "`",
  Backslash: "\\",
  Slash: "/",
  Comma: ",",
  Period: ".",
  IntlBackslash: "<",
  F1: "F1",
  F2: "F2",
  F3: "F3",
  F4: "F4",
  F5: "F5",
  F6: "F6",
  F7: "F7",
  F8: "F8",
  F9: "F9",
  F10: "F10",
  F11: "F11",
  F12: "F12",
} as const;

/** Keys that stand for another one. */
const ALIASES: Readonly<Record<string, string>> = {
  NumpadEnter: "Enter",
  NumpadAdd: "Equal",
  NumpadSubtract: "Minus",
};

/** A key by its place, as `KeyboardEvent.code` names it. */
export type KeyCode = `Key${Letter}` | `Digit${Digit}` | keyof typeof OTHER_KEYS;
/** A key with its modifiers, in this order. `Ctrl` is the Command key on a Mac. */
export type Chord = `${"" | "Ctrl+"}${"" | "Alt+"}${"" | "Shift+"}${KeyCode}`;

/** The parts of a keyboard event that decide. */
export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

const CODES: ReadonlySet<string> = new Set([
  ...[...LETTERS].map((letter) => `Key${letter}`),
  ...[..."0123456789"].map((digit) => `Digit${digit}`),
  ...Object.keys(OTHER_KEYS),
]);

/** A chord from its text, such as `Ctrl+Shift+KeyZ`; null if it is none. */
export function parseChord(text: string): Chord | null {
  const match = /^(?:Ctrl\+)?(?:Alt\+)?(?:Shift\+)?(\w+)$/.exec(text);
  // Proof of the cast: modifiers in order and a known code are what the type says.
  return match?.[1] !== undefined && CODES.has(match[1]) ? (text as Chord) : null;
}

/**
 * The chord of a key press, or null for a modifier alone and keys that nobody should bind.
 *
 * The key's place decides, so that shortcuts work on every keyboard layout. Two exceptions keep
 * what people know by heart: a Latin letter that is printed on the key (Ctrl+Z undoes on a German
 * keyboard too, where Y and Z change places), and the signs of zooming, which everybody presses by
 * sight.
 */
export function chordOf(press: KeyPress): Chord | null {
  const code = codeOf(press);
  const ctrl = press.ctrlKey || press.metaKey ? "Ctrl+" : "";
  return parseChord(`${ctrl}${press.altKey ? "Alt+" : ""}${press.shiftKey ? "Shift+" : ""}${code}`);
}

function codeOf({ key, code, ctrlKey, metaKey }: KeyPress): string {
  if (/^[a-z]$/i.test(key)) return `Key${key.toUpperCase()}`;
  const isZoom = ctrlKey || metaKey;
  if (isZoom && (key === "+" || key === "=")) return "Equal";
  if (isZoom && key === "-") return "Minus";
  if (/^Numpad\d$/.test(code) && /^\d$/.test(key)) return `Digit${key}`;
  return ALIASES[code] ?? code;
}

/** What people read on the keys. */
export interface KeyNames {
  readonly isMac: boolean;
  /** What the keyboard in use prints on a key; a US keyboard if it does not tell. */
  readonly printed: ReadonlyMap<string, string>;
}

/** `Ctrl+Shift+Z`, or `⇧⌘Z` on a Mac. */
export function chordText(chord: Chord, { isMac, printed }: KeyNames): string {
  const parts = chord.split("+");
  const code = parts.at(-1) ?? "";
  const name = keyName(code, printed);
  const has = (modifier: string) => parts.includes(modifier);
  if (isMac) {
    return `${has("Alt") ? "⌥" : ""}${has("Shift") ? "⇧" : ""}${has("Ctrl") ? "⌘" : ""}${name}`;
  }
  return [...parts.slice(0, -1), name].join("+");
}

function keyName(code: string, printed: ReadonlyMap<string, string>): string {
  const bare = code.replace(/^(?:Key|Digit)/, "");
  if (bare !== code) return bare;
  // Proof of the cast: `Object.hasOwn` says that it is one of the keys.
  const known = Object.hasOwn(OTHER_KEYS, code)
    ? OTHER_KEYS[code as keyof typeof OTHER_KEYS]
    : code;
  // Only signs differ between keyboards; and zooming goes by the sign itself.
  if (known.length > 1 || code === "Equal" || code === "Minus") return known;
  return printed.get(code)?.toUpperCase() ?? known;
}

/** The chord as Electron writes accelerators. */
export function acceleratorOf(chord: Chord): string {
  const code = chord.slice(chord.lastIndexOf("+") + 1);
  const names: Readonly<Record<string, string>> = {
    Equal: "Plus",
    ArrowLeft: "Left",
    ArrowRight: "Right",
    ArrowUp: "Up",
    ArrowDown: "Down",
    Delete: "Delete",
    Insert: "Insert",
    Escape: "Esc",
    PageUp: "PageUp",
    PageDown: "PageDown",
  };
  const modifiers = chord.slice(0, chord.length - code.length).replace("Ctrl+", "CmdOrCtrl+");
  return `${modifiers}${names[code] ?? keyName(code, new Map())}`;
}
