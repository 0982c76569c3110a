import { IntlMessageFormat } from "intl-messageformat";
import type { Catalogue, Translator } from "./catalogue.js";

/** Every text of a catalogue by its path, such as `tools.brush`. */
export function flattenCatalogue(catalogue: Catalogue): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const visit = (value: Catalogue[string], path: string) => {
    if (typeof value === "string") texts.set(path, value);
    else
      for (const [key, next] of Object.entries(value))
        visit(next, path === "" ? key : `${path}.${key}`);
  };
  visit(catalogue, "");
  return texts;
}

/** Speaks a catalogue's ICU messages, with the plurals and numbers of its language. */
export function createTranslator(tag: string, catalogue: Catalogue): Translator {
  const texts = flattenCatalogue(catalogue);
  const parsed = new Map<string, IntlMessageFormat>();
  return (path, args) => {
    const text = texts.get(path);
    if (text === undefined) return null;
    // Most texts are plain; braces and apostrophes are all that ICU gives a meaning.
    if (!/[{}']/.test(text)) return text;
    let message = parsed.get(path);
    if (message === undefined) {
      message = new IntlMessageFormat(text, tag, undefined, { ignoreTag: true });
      parsed.set(path, message);
    }
    return String(message.format(valuesOf(args)));
  };
}

/** Arguments by position. Nothing is called `none`, so that a message can choose by it. */
function valuesOf(args: readonly unknown[]): Record<string, string | number | boolean> {
  return Object.fromEntries(args.map((value, index) => [String(index), valueOf(value)]));
}

function valueOf(value: unknown): string | number | boolean {
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
      return value;
    default:
      return "none";
  }
}
