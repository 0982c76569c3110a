/**
 * How well a text fits what was typed, 0 (not at all) to 1: every typed word must begin a word of
 * the text or lie within it, whatever its case and accents. Works for scripts without spaces too.
 */
export function wordScore(text: string, search: string): number {
  const haystack = plain(text);
  const words = plain(search)
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return 1;
  const scores = words.map((word): number => {
    const at = haystack.indexOf(word);
    if (at < 0) return 0;
    if (at === 0) return 1;
    return haystack[at - 1] === " " ? 0.8 : 0.5;
  });
  return scores.includes(0) ? 0 : scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

function plain(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .toLocaleLowerCase();
}
