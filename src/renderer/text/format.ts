/** `100 %`, `6.3 %`, `1600 %`: whole percents from 10 on, one digit below. */
export function formatPercent(fraction: number): string {
  const percent = fraction * 100;
  return `${percent < 10 ? Number(percent.toFixed(1)) : Math.round(percent)} %`;
}

/** `4 s`, `1 min 20 s`; below a tenth of a minute with one digit: `2.4 s`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 6) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const rest = whole % 60;
  return rest === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${rest} s`;
}

/** Time left, coarse on purpose: a number that jumps every frame tells less. */
export function formatTimeLeft(seconds: number): string {
  if (seconds < 1) return "almost done";
  return `${formatSeconds(seconds < 6 ? Math.ceil(seconds) : seconds)} left`;
}

/** `12,345`. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** `1.2 MP` from a million pixels on, else nothing. */
export function formatMegapixels(width: number, height: number): string | null {
  const megapixels = (width * height) / 1e6;
  return megapixels < 1 ? null : `${Number(megapixels.toFixed(megapixels < 10 ? 1 : 0))} MP`;
}

/** Resolution of a scale as people read it: `16 × 16`. */
export function formatSquare(side: number): string {
  return `${side} × ${side}`;
}
