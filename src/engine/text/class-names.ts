import { AppError } from "../../core/errors.js";

/**
 * Index of the class that a prompt means: its name, or the name with the most letter pairs in common
 * (Dice's coefficient over all words); null for an empty prompt.
 * @throws AppError REQUEST_INVALID for a prompt that is nothing like any of the names
 */
export function classOf(prompt: string, names: readonly string[]): number | null {
  const wanted = normalise(prompt);
  if (wanted === "") return null;
  const exact = names.findIndex((name) => normalise(name) === wanted);
  if (exact >= 0) return exact;
  const scores = names.map((name) => likeness(wanted, normalise(name)));
  const best = Math.max(...scores);
  if (best > 0) return scores.indexOf(best);
  throw new AppError(
    "REQUEST_INVALID",
    `Expected the name of one of the classes that this model was trained on but got “${prompt.slice(0, 60)}”; use one of: ${listed(names)}.`,
    { classes: names.length },
  );
}

const SHOWN_CLASSES = 20;

function listed(names: readonly string[]): string {
  const rest = names.length - SHOWN_CLASSES;
  const shown = names.slice(0, SHOWN_CLASSES).join(", ");
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}

function normalise(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

/** 0 for nothing in common, 1 for the same pairs of letters. */
function likeness(a: string, b: string): number {
  const [first, second] = [pairsOf(a), pairsOf(b)];
  const common = [...first].filter((pair) => second.has(pair)).length;
  return (2 * common) / (first.size + second.size || 1);
}

/** Pairs of neighbouring letters, the words' ends included. */
function pairsOf(text: string): Set<string> {
  const pairs = text.split(" ").flatMap((word) => {
    const marked = ` ${word} `;
    return Array.from({ length: marked.length - 1 }, (_, at) => marked.slice(at, at + 2));
  });
  return new Set(pairs);
}
