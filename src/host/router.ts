import { AppError } from "../core/errors.js";
import {
  editorMethods,
  isEditorMethod,
  isHostMethod,
  type EditorMethod,
  type HostApi,
} from "../shared/api.js";
import { wrapCall, type Envelope } from "../shared/envelope.js";
import { parseAs } from "../shared/errors.js";
import type { Transport } from "../shared/transport.js";
import type { z } from "../shared/zod.js";

/** Answers one call of a screen; never rejects, failures are data. */
export type Router = (method: unknown, request: unknown) => Promise<Envelope>;

export interface RouterParts {
  readonly engine: Pick<Transport, "invoke">;
  readonly host: HostApi;
  /** Told of failed calls, by method and code only: what is in them is the person's own. */
  readonly log?: (line: string) => void;
}

/**
 * The one way from a screen to a handler, in every host: the method must be in the contract and its
 * request must parse, with the contract's limits, before anything runs.
 */
export function createRouter({ engine, host, log }: RouterParts): Router {
  return async (method, request) => {
    const envelope = await wrapCall(async () => {
      const known = requireMethod(method);
      const schema: z.ZodType<unknown> = editorMethods[known].request;
      const parsed = parseAs(schema, request, `request for ${known}`, "caller");
      if (!isHostMethod(known)) return engine.invoke(known, parsed);
      // Proof of the cast: `parsed` went through the schema that defines this handler's argument.
      const handler = host[known] as (request: unknown) => Promise<unknown>;
      return handler(parsed);
    });
    // What nobody may call is no name of ours.
    if (!envelope.ok) log?.(`${isEditorMethod(method) ? method : "call"}: ${envelope.error.code}`);
    return envelope;
  };
}

function requireMethod(method: unknown): EditorMethod {
  if (isEditorMethod(method)) return method;
  const shown = typeof method === "string" ? `"${method.slice(0, 64)}"` : typeof method;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected a method of the app but got ${shown}; reload the page, its version may be another.`,
  );
}
