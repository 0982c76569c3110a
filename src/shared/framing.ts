import { AppError } from "../core/errors.js";
import { MAX_FRAME_BLOBS, MAX_FRAME_JSON_BYTES } from "./limits.js";
import { z } from "./zod.js";

/**
 * A message with binary parts as one run of bytes, for HTTP bodies and WebSocket messages:
 *
 *     u32 little endian   length of the JSON part in bytes
 *     JSON                { "value": ..., "blobs": [byte lengths] }, in `value` each Uint8Array
 *                         is replaced by { "$bin": index }
 *     bytes               the blobs, one after another, to the very end
 *
 * Base64 would cost a third more bytes and a copy through strings for every picture.
 */
export const FRAME_MEDIA_TYPE = "application/x-spectral-frame";
const BLOB_KEY = "$bin";
const HEADER_BYTES = 4;

const headSchema = z.object({
  value: z.unknown(),
  blobs: z.array(z.int().min(0)).max(MAX_FRAME_BLOBS),
});

/**
 * Encodes plain data: JSON values and Uint8Arrays, no cycles.
 * @throws AppError REQUEST_INVALID for what cannot be encoded
 */
export function encodeFrame(value: unknown): Uint8Array<ArrayBuffer> {
  const blobs: Uint8Array[] = [];
  const text = stringify(value, blobs);
  const json = new TextEncoder().encode(text);
  if (json.byteLength > MAX_FRAME_JSON_BYTES || blobs.length > MAX_FRAME_BLOBS) {
    throw new AppError(
      "REQUEST_INVALID",
      `Expected a message of at most ${MAX_FRAME_JSON_BYTES} bytes of JSON and ${MAX_FRAME_BLOBS} binary parts but got ${json.byteLength} and ${blobs.length}.`,
    );
  }
  const blobBytes = blobs.reduce((sum, blob) => sum + blob.byteLength, 0);
  const frame = new Uint8Array(HEADER_BYTES + json.byteLength + blobBytes);
  new DataView(frame.buffer).setUint32(0, json.byteLength, true);
  frame.set(json, HEADER_BYTES);
  let offset = HEADER_BYTES + json.byteLength;
  for (const blob of blobs) {
    frame.set(blob, offset);
    offset += blob.byteLength;
  }
  return frame;
}

/**
 * The inverse of {@link encodeFrame}. Binary parts are views into `frame`, not copies.
 * @throws AppError REQUEST_INVALID for anything that is not a whole frame
 */
export function decodeFrame(frame: Uint8Array): unknown {
  if (frame.byteLength < HEADER_BYTES) throw notAFrame("it is shorter than its header");
  const jsonBytes = new DataView(frame.buffer, frame.byteOffset, HEADER_BYTES).getUint32(0, true);
  if (jsonBytes > MAX_FRAME_JSON_BYTES) throw notAFrame(`it announces ${jsonBytes} bytes of JSON`);
  const blobStart = HEADER_BYTES + jsonBytes;
  if (blobStart > frame.byteLength) throw notAFrame("its JSON part is cut short");
  const head = headSchema.safeParse(parseJson(frame.subarray(HEADER_BYTES, blobStart)));
  if (!head.success) throw notAFrame("its JSON part is not { value, blobs }");
  const blobs = splitBlobs(frame.subarray(blobStart), head.data.blobs);
  try {
    return restoreBlobs(head.data.value, blobs);
  } catch (error) {
    // `JSON.parse` reads nests that are deeper than the stack.
    if (error instanceof RangeError) throw notAFrame("its values are nested too deeply");
    throw error;
  }
}

function stringify(value: unknown, blobs: Uint8Array[]): string {
  try {
    const text = JSON.stringify({ value: value ?? null }, blobReplacer(blobs));
    // The lengths are only known now; the text ends in "}", so they are appended inside of it.
    return `${text.slice(0, -1)},"blobs":${JSON.stringify(blobs.map((blob) => blob.byteLength))}}`;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      "REQUEST_INVALID",
      `Expected plain data but got a value that JSON cannot hold: ${String(error)}.`,
    );
  }
}

/** Collects binary parts and leaves references. `JSON.stringify` does not visit what it returns. */
function blobReplacer(blobs: Uint8Array[]) {
  return function (this: Readonly<Record<string, unknown>>, key: string, part: unknown): unknown {
    // Read from the holder: a Node Buffer has a `toJSON` that already ran on `part`.
    const original = this[key];
    if (original instanceof Uint8Array) {
      blobs.push(original);
      return { [BLOB_KEY]: blobs.length - 1 };
    }
    if (isObject(part) && Object.hasOwn(part, BLOB_KEY)) {
      throw new AppError(
        "REQUEST_INVALID",
        `Expected plain data but got an object with the reserved key ${BLOB_KEY}; rename it.`,
      );
    }
    return part;
  };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw notAFrame("its JSON part does not parse");
  }
}

function splitBlobs(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  let offset = 0;
  const blobs = lengths.map((length) => bytes.subarray(offset, (offset += length)));
  if (offset !== bytes.byteLength) {
    throw notAFrame(`its binary parts should have ${offset} bytes but have ${bytes.byteLength}`);
  }
  return blobs;
}

function restoreBlobs(value: unknown, blobs: readonly Uint8Array[]): unknown {
  if (Array.isArray(value)) return value.map((part) => restoreBlobs(part, blobs));
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, BLOB_KEY)) return blobOf(value, blobs);
  // `fromEntries` defines keys rather than assigning them: a key "__proto__" stays harmless data.
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, restoreBlobs(part, blobs)]),
  );
}

function blobOf(reference: object, blobs: readonly Uint8Array[]): Uint8Array {
  const [entry, ...others] = Object.entries(reference) as [string, unknown][];
  const index: unknown = entry?.[1];
  const blob = typeof index === "number" ? blobs[index] : undefined;
  if (blob === undefined || others.length > 0) {
    throw notAFrame("it refers to a binary part that it does not have");
  }
  return blob;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function notAFrame(problem: string): AppError {
  return new AppError(
    "REQUEST_INVALID",
    `Expected a framed message but got bytes where ${problem}; reload the page.`,
  );
}
