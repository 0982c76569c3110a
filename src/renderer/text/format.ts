import { language } from "./language.svelte.js";
import { messages } from "./messages.js";

/** A number as the language of now writes it, with at most so many digits after the point. */
function formatNumber(value: number, digits = 0): string {
  return value.toLocaleString(language.tag, { maximumFractionDigits: digits });
}

/** `100 %`, `6.3 %`, `1600 %`: whole percents from 10 on, one digit below. */
export function formatPercent(fraction: number): string {
  const percent = fraction * 100;
  // A magnification of 1600 % is read like a code, so thousands are not set apart.
  return messages.units.percent(
    percent < 10 ? formatNumber(percent, 1) : String(Math.round(percent)),
  );
}

/** `4 s`, `1 min 20 s`; below a tenth of a minute with one digit: `2.4 s`. */
export function formatSeconds(seconds: number): string {
  const { units } = messages;
  if (seconds < 6) return units.seconds(formatNumber(seconds, 1));
  const whole = Math.round(seconds);
  if (whole < 60) return units.seconds(formatNumber(whole));
  const rest = whole % 60;
  const minutes = formatNumber(Math.floor(whole / 60));
  return rest === 0 ? units.minutes(minutes) : units.minutesAndSeconds(minutes, formatNumber(rest));
}

/** Time left, coarse on purpose: a number that jumps every frame tells less. */
export function formatTimeLeft(seconds: number): string {
  if (seconds < 1) return messages.units.almostDone;
  return messages.units.left(formatSeconds(seconds < 6 ? Math.ceil(seconds) : seconds));
}

/** `12,345`. */
export function formatCount(count: number): string {
  return formatNumber(count);
}

/** `1.2 MP` from a million pixels on, else nothing. */
export function formatMegapixels(width: number, height: number): string | null {
  const megapixels = (width * height) / 1e6;
  if (megapixels < 1) return null;
  return messages.units.megapixels(formatNumber(megapixels, megapixels < 10 ? 1 : 0));
}

/** How many of so many pixels: `0.03 of 0.25 MP`, `11 of 70 MP`. */
export function formatMegapixelsOf(done: number, total: number): string {
  const digits = total < 1e6 ? 2 : total < 1e7 ? 1 : 0;
  const written = (pixels: number) => formatNumber(pixels / 1e6, digits);
  return messages.units.megapixelsOf(written(done), written(total));
}

/** Memory: `512 MB`, `2.5 GB`. */
export function formatMegabytes(megabytes: number): string {
  if (megabytes < 1024) return messages.units.megabytes(formatNumber(megabytes));
  return messages.units.gigabytes(formatNumber(megabytes / 1024, 1));
}

/** A file's size: `640 kB`, `12.3 MB`. */
export function formatBytes(bytes: number): string {
  const kilobytes = bytes / 1024;
  if (kilobytes < 1024) return messages.units.kilobytes(formatNumber(Math.max(1, kilobytes)));
  const megabytes = kilobytes / 1024;
  if (megabytes < 10) return messages.units.megabytes(formatNumber(megabytes, 1));
  return formatMegabytes(Math.round(megabytes));
}

/** A length with one digit after the point: `33.9`. */
export function formatLength(length: number): string {
  return formatNumber(length, 1);
}

/** When something happened, as a person says it: date and time of day. */
export function formatTime(millisecondsSince1970: number): string {
  return new Date(millisecondsSince1970).toLocaleString(language.tag, {
    dateStyle: "medium",
    timeStyle: "short",
  });
}

/** Resolution of a scale as people read it: `16 × 16`. */
export function formatSquare(side: number): string {
  return `${side} × ${side}`;
}
