import type { ErrorCode } from "../core/errors.js";

/** What a script learns from the end of the program. */
export const EXIT = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  badInput: 3,
  cannotWrite: 4,
  model: 5,
  /** 128 + SIGINT, as shells have it. */
  cancelled: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const EXIT_OF: Readonly<Record<ErrorCode, ExitCode>> = {
  FILE_NOT_FOUND: EXIT.badInput,
  FILE_UNREADABLE: EXIT.badInput,
  FILE_EMPTY: EXIT.badInput,
  FILE_TRUNCATED: EXIT.badInput,
  FILE_NOT_AN_IMAGE: EXIT.badInput,
  FILE_TOO_LARGE: EXIT.badInput,
  IMAGE_TOO_LARGE: EXIT.badInput,
  IMAGE_UNSUPPORTED_COLOUR: EXIT.badInput,
  IMAGE_ANIMATED: EXIT.badInput,
  IMAGE_DAMAGED: EXIT.badInput,
  MASK_SIZE_MISMATCH: EXIT.badInput,
  MASK_EMPTY: EXIT.badInput,
  MASK_INVALID: EXIT.badInput,
  TARGET_UNWRITABLE: EXIT.cannotWrite,
  TARGET_FORMAT_UNSUPPORTED: EXIT.cannotWrite,
  DISK_FULL: EXIT.cannotWrite,
  BUNDLE_MISSING: EXIT.model,
  BUNDLE_DAMAGED: EXIT.model,
  BUNDLE_UNSUPPORTED: EXIT.model,
  REQUEST_INVALID: EXIT.usage,
  JOB_CANCELLED: EXIT.cancelled,
  REQUEST_UNAUTHORISED: EXIT.unexpected,
  DOCUMENT_UNKNOWN: EXIT.unexpected,
  REVISION_UNKNOWN: EXIT.unexpected,
  JOB_UNKNOWN: EXIT.unexpected,
  JOB_NOT_FINISHED: EXIT.unexpected,
  ENGINE_DIED: EXIT.unexpected,
  ENGINE_TIMEOUT: EXIT.unexpected,
  ENGINE_OUTPUT_INVALID: EXIT.unexpected,
  OUT_OF_MEMORY: EXIT.unexpected,
  NOT_AVAILABLE: EXIT.unexpected,
  INTERNAL: EXIT.unexpected,
};

/** The exit code of a failure. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  return EXIT_OF[code];
}
