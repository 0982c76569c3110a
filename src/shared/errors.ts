import { AppError, ERROR_CODES, type AppErrorData } from "../core/errors.js";
import { z } from "./zod.js";

const detailSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** A failure as it crosses a process boundary; see `AppErrorData` of the core. */
export const appErrorDataSchema: z.ZodType<AppErrorData> = z.object({
  code: z.enum(ERROR_CODES),
  message: z.string().max(20_000),
  details: z.record(z.string(), detailSchema),
});

/** Most problems worth showing of one bad value. */
const SHOWN_ISSUES = 3;

/** One line for people: `mask.rect.width: expected number, received string`. */
export function describeIssues(error: z.ZodError): string {
  const lines = error.issues.slice(0, SHOWN_ISSUES).map((issue) => {
    const path = issue.path.map(String).join(".");
    return path === "" ? issue.message : `${path}: ${issue.message}`;
  });
  const more = error.issues.length - lines.length;
  return lines.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

/** Where the value to parse came from, which decides whose fault a failure is. */
export type ValueOrigin = "caller" | "engine";

/**
 * Parses a value from outside.
 * @throws AppError REQUEST_INVALID (from a caller) or ENGINE_OUTPUT_INVALID (from the engine)
 */
export function parseAs<T>(
  schema: z.ZodType<T>,
  value: unknown,
  what: string,
  origin: ValueOrigin,
): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problem = describeIssues(parsed.error);
  if (origin === "caller") {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected a valid ${what} but got one where ${problem}. Correct it and send it again.`,
      { what },
    );
  }
  throw new AppError(
    "ENGINE_OUTPUT_INVALID",
    `Expected a valid ${what} from the engine but got one where ${problem}. Restart the app; if it returns, its parts are of different versions.`,
    { what },
  );
}
