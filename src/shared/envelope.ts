import { fromErrorData, toErrorData, type AppErrorData } from "../core/errors.js";
import { appErrorDataSchema, parseAs } from "./errors.js";
import { z } from "./zod.js";

/**
 * The outcome of a call as data. Electron keeps only the message of an error that a handler throws,
 * HTTP only a status: so failures travel as replies and are thrown again on the other side.
 */
export type Envelope =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: AppErrorData };

const envelopeSchema: z.ZodType<Envelope> = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), error: appErrorDataSchema }),
]);

/** Runs a call and keeps whatever comes out, thrown or returned, as data. Never rejects. */
export async function wrapCall(call: () => Promise<unknown>): Promise<Envelope> {
  try {
    return { ok: true, result: await call() };
  } catch (thrown) {
    return { ok: false, error: toErrorData(thrown) };
  }
}

/**
 * The result of an envelope that came from a host.
 * @throws AppError the failure it carries, or ENGINE_OUTPUT_INVALID if it is no envelope
 */
export function unwrapEnvelope(value: unknown): unknown {
  const envelope = parseAs(envelopeSchema, value, "reply", "engine");
  if (envelope.ok) return envelope.result;
  throw fromErrorData(envelope.error);
}
