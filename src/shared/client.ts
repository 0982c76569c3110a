import {
  editorMethods,
  engineMethods,
  type EditorApi,
  type EngineApi,
  type MethodSchemas,
} from "./api.js";
import { parseAs } from "./errors.js";
import { eventSchemas, type Events, type Topic } from "./events.js";
import type { Transport } from "./transport.js";
import type { z } from "./zod.js";

/** The app's typed API over a transport; every reply is parsed. */
export function createApiClient(transport: Pick<Transport, "invoke">): EditorApi {
  // Proof of the cast: `callsOf` makes one function for each key of the table, which parses its
  // reply with that key's schema.
  return callsOf(editorMethods, transport) as EditorApi;
}

/** The engine's typed API over a transport; for hosts and the command line. */
export function createEngineClient(transport: Pick<Transport, "invoke">): EngineApi {
  // Proof of the cast: as above.
  return callsOf(engineMethods, transport) as EngineApi;
}

/**
 * Listens to a topic with parsed payloads. A payload that does not parse is not delivered:
 * `onInvalid` gets the error instead.
 * @returns how to stop
 */
export function subscribeTo<T extends Topic>(
  transport: Pick<Transport, "subscribe">,
  topic: T,
  listener: (payload: Events[T]) => void,
  onInvalid?: (error: unknown) => void,
): () => void {
  return transport.subscribe(topic, (value) => {
    const schema: z.ZodType<unknown> = eventSchemas[topic];
    let payload: Events[T];
    try {
      // Proof of the cast: `eventSchemas[topic]` is by definition the schema of `Events[T]`.
      payload = parseAs(schema, value, `event ${topic}`, "engine") as Events[T];
    } catch (error) {
      onInvalid?.(error);
      return;
    }
    listener(payload);
  });
}

function callsOf(
  table: Readonly<Record<string, MethodSchemas>>,
  transport: Pick<Transport, "invoke">,
): Record<string, (request: unknown) => Promise<unknown>> {
  const calls = Object.entries(table).map(([name, { reply }]) => [
    name,
    async (request: unknown) =>
      parseAs(reply, await transport.invoke(name, request), `reply to ${name}`, "engine"),
  ]);
  return Object.freeze(Object.fromEntries(calls)) as Record<
    string,
    (request: unknown) => Promise<unknown>
  >;
}
