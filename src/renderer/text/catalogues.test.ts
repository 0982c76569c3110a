import { IntlMessageFormat } from "intl-messageformat";
import { describe, expect, it } from "vitest";
import { LANGUAGES } from "../../shared/settings.js";
import de from "./catalogues/de.json";
import es from "./catalogues/es.json";
import fr from "./catalogues/fr.json";
import ja from "./catalogues/ja.json";
import zh from "./catalogues/zh.json";
import { english as source } from "./messages.js";
import { createTranslator, flattenCatalogue } from "./translator.js";

type Leaf = string | ((...args: readonly unknown[]) => string);
const catalogues = { de, es, fr, ja, zh };
const entries = Object.entries(catalogues);

/** Every English text by its path. */
const english = new Map<string, Leaf>();
collect(source, "");

function collect(node: object, path: string): void {
  for (const [key, value] of Object.entries(node) as [string, Leaf | object][]) {
    const at = path === "" ? key : `${path}.${key}`;
    if (typeof value === "object") collect(value, at);
    // A text that is empty on purpose is empty in every language.
    else if (value !== "") english.set(at, value);
  }
}

/** Numbers of the arguments that English says for certain, and how many there are at most. */
function argumentsOf(leaf: Leaf): { readonly said: readonly number[]; readonly count: number } {
  if (typeof leaf === "string") return { said: [], count: 0 };
  const marks = Array.from({ length: leaf.length }, (_, index) => `⟦${index}⟧`);
  const text = leaf(...marks);
  return {
    said: marks.flatMap((mark, index) => (text.includes(mark) ? [index] : [])),
    count: leaf.length,
  };
}

/** Numbers of the arguments that an ICU message uses. */
function placeholdersOf(message: string): number[] {
  const names = [...message.matchAll(/\{\s*(\w+)\s*[,}]/g)].map(([, name]) => Number(name));
  return [...new Set(names.filter((name) => Number.isInteger(name)))];
}

describe.each(entries)("the catalogue %s", (tag, catalogue) => {
  const texts = flattenCatalogue(catalogue);

  it("has every text", () => {
    const missing = [...english.keys()].filter((path) => !texts.has(path));
    expect(missing, `texts to translate in catalogues/${tag}.json`).toEqual([]);
  });

  it("has no text that English has not", () => {
    expect([...texts.keys()].filter((path) => !english.has(path))).toEqual([]);
  });

  it("says the same values as English", () => {
    const wrong = [...texts].filter(([path, text]) => {
      const { said, count } = argumentsOf(english.get(path) ?? "");
      const found = placeholdersOf(text);
      return said.some((index) => !found.includes(index)) || found.some((index) => index >= count);
    });
    expect(wrong).toEqual([]);
  });

  it("has messages that can be said with any number, with each plural of the language", () => {
    const translate = createTranslator(tag, catalogue);
    for (const [path, text] of texts) {
      expect(text.trim(), path).not.toBe("");
      for (const number of [0, 1, 2, 5, 1_000_000]) {
        const args = Array<number>(argumentsOf(english.get(path) ?? "").count).fill(number);
        expect(translate(path, args), path).not.toMatch(/\{|\}|undefined/);
      }
    }
  });
});

describe("catalogues", () => {
  it("exist for every language of the settings", () => {
    expect(["en", ...Object.keys(catalogues)].sort()).toEqual([...LANGUAGES].sort());
  });

  it("know more plurals than English: the formatter takes those of each language", () => {
    const text = "{0, plural, one {# файл} few {# файла} many {# файлов} other {# файла}}";
    const message = new IntlMessageFormat(text, "ru");
    expect([1, 3, 5].map((count) => message.format({ 0: count }))).toEqual([
      "1 файл",
      "3 файла",
      "5 файлов",
    ]);
  });
});
