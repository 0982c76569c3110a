/**
 * Every way in which the product can fail, as data.
 *
 * A code is stable: hosts map it to exit codes, translations and recovery actions, and it is written
 * to logs. A message is for people and says what was expected, what came, and what to do next.
 */
export const ERROR_CODES = [
  "FILE_NOT_FOUND",
  "FILE_UNREADABLE",
  "FILE_EMPTY",
  "FILE_TRUNCATED",
  "FILE_NOT_AN_IMAGE",
  "FILE_TOO_LARGE",
  "IMAGE_TOO_LARGE",
  "IMAGE_UNSUPPORTED_COLOUR",
  "IMAGE_ANIMATED",
  "IMAGE_DAMAGED",
  "TARGET_UNWRITABLE",
  "TARGET_FORMAT_UNSUPPORTED",
  "DISK_FULL",
  "MASK_SIZE_MISMATCH",
  "MASK_EMPTY",
  "MASK_INVALID",
  "BUNDLE_MISSING",
  "BUNDLE_DAMAGED",
  "BUNDLE_UNSUPPORTED",
  "REQUEST_INVALID",
  "REQUEST_UNAUTHORISED",
  "DOCUMENT_UNKNOWN",
  "REVISION_UNKNOWN",
  "JOB_UNKNOWN",
  "JOB_CANCELLED",
  "JOB_NOT_FINISHED",
  "ENGINE_DIED",
  "ENGINE_TIMEOUT",
  "ENGINE_OUTPUT_INVALID",
  "OUT_OF_MEMORY",
  "NOT_AVAILABLE",
  "INTERNAL",
] as const;

/** A stable name for one kind of failure; see {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Numbers and words that belong to a failure, such as `{ path, widthPx }`; survives JSON. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

/** The form in which a failure crosses a process boundary. */
export interface AppErrorData {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
}

/** A failure that a person or a caller can act on. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  /**
   * @param code stable name of the failure
   * @param message what was expected, what came, what to do next
   * @param details plain values for logs and the user interface
   * @param options `cause`: the error that led here; it does not cross process boundaries
   */
  constructor(
    code: ErrorCode,
    message: string,
    details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/** True if `value` is one of {@link ERROR_CODES}; for parsers of data from outside. */
export function isErrorCode(value: unknown): value is ErrorCode {
  const known: readonly unknown[] = ERROR_CODES;
  return known.includes(value);
}

/**
 * Turns anything that was thrown into plain data.
 *
 * An aborted call becomes JOB_CANCELLED, an array that memory has no room for OUT_OF_MEMORY, any other
 * foreign error INTERNAL with its message kept: a failure is never dropped because nobody expected
 * its type.
 */
export function toErrorData(thrown: unknown): AppErrorData {
  if (thrown instanceof AppError) {
    return { code: thrown.code, message: thrown.message, details: thrown.details };
  }
  if (thrown instanceof Error && thrown.name === "AbortError") {
    return {
      code: "JOB_CANCELLED",
      message: "The work was cancelled before it was done.",
      details: {},
    };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (isAllocationFailure(thrown)) {
    return {
      code: "OUT_OF_MEMORY",
      message: `Expected enough memory but an allocation failed (${message}); close other programs, or choose a smaller region or fewer variations.`,
      details: {},
    };
  }
  return {
    code: "INTERNAL",
    message: `Expected no failure here but got: ${message}. Try again; if it returns, report it.`,
    details: thrown instanceof Error ? { errorName: thrown.name } : {},
  };
}

/** True for the language's own words for an array that there is no room for; a negative length is a mistake. */
function isAllocationFailure(thrown: unknown): boolean {
  return (
    thrown instanceof RangeError &&
    /allocation failed|invalid (?:typed )?array length(?:: \d|$)/i.test(thrown.message)
  );
}

/** Rebuilds the error on the other side of a boundary; the inverse of {@link toErrorData}. */
export function fromErrorData(data: AppErrorData): AppError {
  return new AppError(data.code, data.message, data.details);
}

/** Ends an exhaustive `switch`: a missing case fails to compile, a value from outside throws INTERNAL. */
export function assertNever(value: never, what = "value"): never {
  throw new AppError(
    "INTERNAL",
    `Expected every ${what} to be handled but got ${JSON.stringify(value)}.`,
  );
}
