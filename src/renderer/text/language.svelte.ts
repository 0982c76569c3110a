import { LANGUAGES, type Settings } from "../../shared/settings.js";
import type { Catalogue, Translator } from "./catalogue.js";

export type LanguageTag = (typeof LANGUAGES)[number];

/** Where translations come from; each is a file of its own, read when it is wanted first. */
export type LoadTranslator = (tag: LanguageTag) => Promise<Translator | null>;

/** The language of the screen. */
export class Language {
  /** BCP 47, for `<html lang>` and for numbers. */
  tag = $state<LanguageTag>("en");
  #translator = $state.raw<Translator | null>(null);
  #wanted: LanguageTag = "en";
  readonly #load: LoadTranslator;

  constructor(load: LoadTranslator) {
    this.#load = load;
  }

  /** The text at a path of the catalogue, or null: then English has to do. */
  translate(path: string, args: readonly unknown[]): string | null {
    return this.#translator?.(path, args) ?? null;
  }

  /**
   * Changes the language; texts on the screen follow. The last call counts, whichever translation
   * arrives last.
   * @throws if the translation cannot be read; the language then stays what it was
   */
  async choose(tag: LanguageTag): Promise<void> {
    this.#wanted = tag;
    const translator = await this.#load(tag);
    if (this.#wanted !== tag) return;
    this.#translator = translator;
    this.tag = tag;
  }
}

/** The language of a setting: `system` takes the first of the person's languages that we speak. */
export function resolveLanguage(
  setting: Settings["language"],
  preferred: readonly string[],
): LanguageTag {
  if (setting !== "system") return setting;
  const primary = preferred.map((tag) => tag.toLowerCase().split("-")[0]);
  const known = primary.map((tag) => LANGUAGES.find((language) => language === tag));
  return known.find((language) => language !== undefined) ?? "en";
}

/** English needs no translation; the others are read on demand, each with the formatter. */
const loaders: Readonly<Record<LanguageTag, (() => Promise<{ default: Catalogue }>) | null>> = {
  en: null,
  de: () => import("./catalogues/de.json"),
  fr: () => import("./catalogues/fr.json"),
  es: () => import("./catalogues/es.json"),
  ja: () => import("./catalogues/ja.json"),
  zh: () => import("./catalogues/zh.json"),
};

async function loadTranslator(tag: LanguageTag): Promise<Translator | null> {
  const load = loaders[tag];
  if (load === null) return null;
  const [{ createTranslator }, catalogue] = await Promise.all([import("./translator.js"), load()]);
  return createTranslator(tag, catalogue.default);
}

/** The language of this page: one person sits at it. */
export const language = new Language(loadTranslator);
