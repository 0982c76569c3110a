import { language } from "./language.svelte.js";

/** The shape of a catalogue: what English says, without saying it in these very words. */
export type Localised<T> = T extends string
  ? string
  : T extends (...args: infer Args) => string
    ? (...args: Args) => string
    : { readonly [K in keyof T]: Localised<T[K]> };

/**
 * English texts as an object of the same shape that speaks the language of now. A text is read at
 * the moment of use, so whatever shows it follows a change of language by itself; read it in a
 * template or a `$derived`, or when something happens, never once and for all when a module loads.
 *
 * What a translation lacks is said in English.
 */
export function localised<const T extends object>(english: T): Localised<T> {
  // Proof of the cast: `mirror` keeps every key, and gives a text for a text, a function for a function.
  return mirror(english, "") as Localised<T>;
}

type Node = Readonly<Record<string, unknown>>;

function mirror(english: object, path: string): object {
  const target: object = Array.isArray(english) ? [] : {};
  // Proof of the cast: an object's entries are those of a record.
  for (const [key, value] of Object.entries(english as Node)) {
    Object.defineProperty(target, key, { enumerable: true, ...property(value, `${path}${key}`) });
  }
  return target;
}

function property(value: unknown, path: string): PropertyDescriptor {
  if (typeof value === "string") return { get: () => language.translate(path, []) ?? value };
  if (typeof value === "object" && value !== null) return { value: mirror(value, `${path}.`) };
  // Proof of the cast: a catalogue holds texts, functions that give texts, and objects of both.
  const say = value as (...args: readonly unknown[]) => string;
  return { value: (...args: readonly unknown[]) => language.translate(path, args) ?? say(...args) };
}
