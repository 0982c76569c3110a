/**
 * A translation: nested like the English texts, each text an ICU message whose `{0}`, `{1}` are the
 * arguments of the English function, in order.
 */
export interface Catalogue {
  readonly [key: string]: string | Catalogue | readonly (string | Catalogue)[];
}

/** One language, ready to speak: a text for a path and its arguments, or null where it has none. */
export type Translator = (path: string, args: readonly unknown[]) => string | null;
