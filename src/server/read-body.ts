import type { IncomingMessage } from "node:http";
import { AppError } from "../core/errors.js";
import { bodyTooLarge, MAX_BODY_BYTES } from "../shared/loopback.js";

/**
 * Reads a body whole, refusing by its announced length before a byte is read, and by its real length
 * for bodies that announce none.
 * @throws AppError FILE_TOO_LARGE, REQUEST_INVALID if it breaks off
 */
export async function readBody(
  request: IncomingMessage,
  limitBytes = MAX_BODY_BYTES,
): Promise<Uint8Array> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > limitBytes) throw bodyTooLarge(announced, limitBytes);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of request) {
      // Proof of the cast: no encoding is set, so the stream gives buffers.
      const bytes = chunk as Buffer;
      length += bytes.byteLength;
      if (length > limitBytes) throw bodyTooLarge(length, limitBytes);
      chunks.push(bytes);
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("REQUEST_INVALID", "Expected a whole request but it broke off; try again.");
  }
  return Buffer.concat(chunks);
}
