import type { JobProgress } from "../job/job-state.js";
import { formatMegapixelsOf } from "../text/format.js";
import { messages } from "../text/messages.js";

/** How much of the stage is done, 0..1, or null where nobody can tell. */
export function progressFraction({ done, total }: JobProgress): number | null {
  return total > 0 ? Math.max(0, Math.min(done / total, 1)) : null;
}

/** `scale 3 of 5 · 120 of 192 tokens`, `11 of 70 MP`. */
export function progressText(progress: JobProgress, scaleCount: number): string {
  const text = messages.film;
  const { done, total, scale, stage } = progress;
  if (total <= 0) return "";
  if (stage === "upscaling") return formatMegapixelsOf(done, total);
  if (stage !== "drawing") return total > 1 ? text.steps(Math.floor(done), total) : "";
  const tokens = text.tokens(Math.floor(done), total);
  return scale === null ? tokens : `${text.scaleOf(scale + 1, scaleCount)} · ${tokens}`;
}

/** `240 tokens/s` or `1.3 MP/s`; empty where the engine does not tell. */
export function rateText({ rate }: JobProgress): string {
  if (rate === undefined || rate.value <= 0) return "";
  // What is drawn token by token is some hundredths of a megapixel a second: two digits that count.
  const value = rate.value < 10 ? Number(rate.value.toPrecision(2)) : Math.round(rate.value);
  return messages.film.rate[rate.unit](String(value));
}
