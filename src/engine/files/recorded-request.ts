import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { AppError } from "../../core/errors.js";
import { jobRequestSchema, type JobRequest } from "../../shared/jobs.js";
import { MAX_PIXELS } from "../../shared/limits.js";
import { z } from "../../shared/zod.js";

/** A request as JSON: every field as it is, bytes packed. */
export const recordedRequestSchema = z.record(z.string(), z.json()).readonly();
export type RecordedRequest = z.infer<typeof recordedRequestSchema>;
type Json = z.infer<ReturnType<typeof z.json>>;

/** The only field of an object that stands for bytes: run-length coded (deflate), in base64. */
const BYTES_FIELD = "$bytes";

/**
 * A request as it is recorded. Nothing of it is chosen or left out but the document's id, which
 * names nothing outside of its session.
 */
export function recordRequest(request: JobRequest): RecordedRequest {
  const { documentId: _, ...rest } = { documentId: undefined, ...request };
  return packFields(rest);
}

/**
 * The request of a record, for a document of this session.
 * @param documentId null for a record that makes a new document
 * @throws AppError FILE_UNREADABLE if it is damaged, or was written without its bytes
 */
export function restoreRequest(
  recorded: RecordedRequest,
  documentId: string | null,
  name: string,
): JobRequest {
  const fields = Object.entries(recorded).map(([field, value]) => [field, unpack(value, name)]);
  const document = documentId === null ? [] : [["documentId", documentId]];
  const complete: unknown = Object.fromEntries([...fields, ...document]);
  const parsed = jobRequestSchema.safeParse(complete);
  if (parsed.success) return parsed.data;
  throw unreadable(name, "what it says about itself is not a request of this app's version");
}

/** The same without its bytes, for places that hold little; it cannot be replayed. */
export function withoutBytes(recorded: RecordedRequest): RecordedRequest {
  return Object.fromEntries(
    Object.entries(recorded).map(([name, value]) => [name, dropBytes(value)]),
  );
}

/** True if a record holds bytes at all. */
export function holdsBytes(recorded: RecordedRequest): boolean {
  return JSON.stringify(recorded).includes(`"${BYTES_FIELD}":"`);
}

function packFields(fields: object): RecordedRequest {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known.map(([name, value]) => [name, pack(value)]));
}

function pack(value: unknown): Json {
  if (value instanceof Uint8Array) {
    const options = { level: constants.Z_BEST_COMPRESSION, memLevel: 9 };
    return { [BYTES_FIELD]: deflateRawSync(value, options).toString("base64") };
  }
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value === "object" && value !== null) return { ...packFields(value) };
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return value;
  }
  return null;
}

function unpack(value: Json, name: string): unknown {
  if (Array.isArray(value)) return value.map((item: Json) => unpack(item, name));
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value);
  const [only] = fields;
  if (fields.length === 1 && only?.[0] === BYTES_FIELD) return unpackBytes(only[1], name);
  return Object.fromEntries(fields.map(([field, item]) => [field, unpack(item, name)]));
}

function unpackBytes(packed: unknown, name: string): Uint8Array {
  if (typeof packed !== "string") {
    throw unreadable(name, "this format had no room for its mask; replay a PNG of the same result");
  }
  try {
    // Never more than the largest mask, whatever a file says.
    const bytes = inflateRawSync(Buffer.from(packed, "base64"), { maxOutputLength: MAX_PIXELS });
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch (error) {
    throw unreadable(name, "its mask is damaged", error);
  }
}

function dropBytes(value: Json): Json {
  if (Array.isArray(value)) return value.map(dropBytes);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      name === BYTES_FIELD ? null : dropBytes(item),
    ]),
  );
}

/** The failure of a picture that does not say, or not rightly, how it was made. */
export function unreadable(name: string, problem: string, cause?: unknown): AppError {
  return new AppError(
    "FILE_UNREADABLE",
    `Expected ${name} to carry how it was made but ${problem}.`,
    { name },
    { cause },
  );
}
