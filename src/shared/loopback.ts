import { AppError } from "../core/errors.js";
import { MAX_FILE_BYTES, MAX_FRAME_JSON_BYTES } from "./limits.js";

/** Addresses of the loopback host; calls are `POST /api/<method>` with a framed body. */
export const API_PREFIX = "/api/";
/** A WebSocket on which the host sends framed {@link LoopbackEvent}s and hears nothing. */
export const EVENTS_PATH = "/api/events";

/** One event on the wire. */
export interface LoopbackEvent {
  readonly topic: string;
  readonly payload: unknown;
}

/** Largest body of a call: a picture file of the largest size and what comes with it. */
export const MAX_BODY_BYTES = MAX_FILE_BYTES + MAX_FRAME_JSON_BYTES + 4;

/** The failure of a call whose body is larger than that. */
export function bodyTooLarge(bytes: number, limitBytes = MAX_BODY_BYTES): AppError {
  return new AppError(
    "FILE_TOO_LARGE",
    `Expected at most ${limitBytes} bytes but got ${bytes}; save the picture smaller or in a compressed format.`,
    { bytes, limitBytes },
  );
}
