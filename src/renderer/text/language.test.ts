import { afterEach, describe, expect, it, vi } from "vitest";
import type { Translator } from "./catalogue.js";
import { Language, language, resolveLanguage } from "./language.svelte.js";
import { localised } from "./localised.js";
import { createTranslator } from "./translator.js";

afterEach(() => language.choose("en"));

const translator: Translator = createTranslator("de", {
  plain: "Hallo",
  files: "{0, plural, one {# Datei} other {# Dateien}}",
  lock: "{1, select, none {alles} other {bis {1}}} von {0}",
  deep: { steps: [{ title: "Malen" }] },
  quoted: "Ende '{'offen'}'",
});

describe("language", () => {
  it("is the setting's, or the first of the person's languages that we speak", () => {
    expect(resolveLanguage("fr", ["de"])).toBe("fr");
    expect(resolveLanguage("system", ["nl-NL", "de-AT", "fr"])).toBe("de");
    expect(resolveLanguage("system", ["zh-Hant-TW"])).toBe("zh");
    expect(resolveLanguage("system", ["xx"])).toBe("en");
    expect(resolveLanguage("system", [])).toBe("en");
  });

  it("follows the last choice, whichever translation arrives last", async () => {
    const waiting: (() => void)[] = [];
    const chosen = new Language(
      () => new Promise((resolve) => waiting.push(() => resolve(translator))),
    );
    const first = chosen.choose("de");
    const second = chosen.choose("fr");
    waiting[1]?.();
    waiting[0]?.();
    await Promise.all([first, second]);
    expect(chosen.tag).toBe("fr");
  });

  it("stays what it was when a translation cannot be read", async () => {
    const chosen = new Language(() => Promise.reject(new Error("gone")));
    await expect(chosen.choose("ja")).rejects.toThrow("gone");
    expect(chosen.tag).toBe("en");
  });
});

describe("translations", () => {
  it("say plurals, choices and quoted braces, and nothing for a text that they lack", () => {
    expect(translator("files", [1])).toBe("1 Datei");
    expect(translator("files", [3])).toBe("3 Dateien");
    expect(translator("lock", [4, null])).toBe("alles von 4");
    expect(translator("lock", [4, "8 × 8"])).toBe("bis 8 × 8 von 4");
    expect(translator("quoted", [])).toBe("Ende {offen}");
    expect(translator("absent", [])).toBeNull();
    expect(translator("constructor", [])).toBeNull();
  });

  it("take the place of English texts at the moment of use, list entries and functions too", async () => {
    const texts = localised({
      plain: "Hello",
      files: (count: number) => `${count} files`,
      deep: { steps: [{ title: "Paint" }] },
      absent: "Only English",
    } as const);
    const { deep } = texts;
    expect(texts.plain).toBe("Hello");
    const spoken = new Language(async () => translator);
    await spoken.choose("de");
    // The mirror reads the page's own language; here it is lent this one.
    const lent = vi.spyOn(language, "translate");
    lent.mockImplementation((path, args) => spoken.translate(path, args));
    try {
      expect([texts.plain, texts.files(2), deep.steps[0]?.title, texts.absent]).toEqual([
        "Hallo",
        "2 Dateien",
        "Malen",
        "Only English",
      ]);
    } finally {
      lent.mockRestore();
    }
  });
});
