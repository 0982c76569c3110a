import { AppError, toErrorData, type AppErrorData } from "../core/errors.js";
import { DEFAULT_SETTINGS, settingsSchema, type Settings } from "../shared/settings.js";
import { z } from "../shared/zod.js";

/** What a settings file says, and what was wrong with it. */
export interface ParsedSettings {
  readonly settings: Settings;
  readonly problem: AppErrorData | null;
}

const anyObjectSchema = z.record(z.string(), z.unknown());
const fields = settingsSchema.unwrap().shape;
// Proof of the cast: these are the schema's own keys.
const FIELD_NAMES = Object.keys(fields) as (keyof Settings)[];

/**
 * Reads the text of a settings file. What cannot be understood is as in a fresh installation, field
 * by field, so that one bad value does not cost the others; fields of other versions are ignored.
 */
export function parseSettings(text: string): ParsedSettings {
  const object = anyObjectSchema.safeParse(parseJson(text));
  if (!object.success) return { settings: DEFAULT_SETTINGS, problem: problemWith("no settings") };
  const known = FIELD_NAMES.filter((name) => Object.hasOwn(object.data, name));
  const good = known.filter((name) => fields[name].safeParse(object.data[name]).success);
  const settings = settingsSchema.parse({
    ...DEFAULT_SETTINGS,
    ...Object.fromEntries(good.map((name) => [name, object.data[name]])),
  });
  const bad = known.filter((name) => !good.includes(name));
  return { settings, problem: bad.length === 0 ? null : problemWith(bad.join(", ")) };
}

/** The text of a settings file, for people to read too. */
export function settingsText(settings: Settings): string {
  return `${JSON.stringify(settings, null, 2)}\n`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The message names fields, never their values nor the file's place. */
export function problemWith(what: string): AppErrorData {
  return toErrorData(
    new AppError(
      "FILE_UNREADABLE",
      `Expected a readable settings file but found ${what} that cannot be used; the defaults stand in for it, and the old file is kept beside the new one.`,
      { what },
    ),
  );
}
