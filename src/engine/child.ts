import { EventEmitter } from "node:events";
import { toErrorData } from "../core/errors.js";
import {
  parseEngineArguments,
  parseEngineRequest,
  requestIdOf,
  type EngineToHostMessage,
} from "../shared/engine-messages.js";
import { engineEventSchemas, isEngineTopic } from "../shared/events.js";
import { createEngine, type Engine } from "./index.js";

/** The line to the host: Electron's `parentPort` in a utility process, Node's IPC channel elsewhere. */
interface Line {
  send(message: EngineToHostMessage): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** As far as it is used here; Electron's types are not available to plain Node code. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: "message", listener: (event: { readonly data: unknown }) => void): void;
}

/**
 * The engine process: answers requests of its host until the host goes away. Documents are in the
 * session folder, so the process may be killed at any moment.
 */
async function main(): Promise<void> {
  const line = openLine();
  const engine = await createEngine(parseEngineArguments(process.argv.slice(2)));
  for (const topic of Object.keys(engineEventSchemas)) {
    if (!isEngineTopic(topic)) continue;
    engine.subscribe(topic, (payload) => line.send({ event: topic, payload }));
  }
  line.onMessage((message) => void answer(engine, line, message));
}

async function answer(engine: Engine, line: Line, message: unknown): Promise<void> {
  let id = requestIdOf(message);
  try {
    const request = parseEngineRequest(message);
    id = request.id;
    // Proof of the cast: `parseEngineRequest` parsed the parameters with this method's schema.
    const call = engine.api[request.method] as (params: unknown) => Promise<unknown>;
    line.send({ id, ok: true, result: await call(request.params) });
  } catch (error) {
    // A message without an id cannot be answered, and its sender waits for nothing.
    if (id !== null) line.send({ id, ok: false, error: toErrorData(error) });
  }
}

function openLine(): Line {
  const port: unknown = Reflect.get(process, "parentPort");
  if (isParentPort(port)) {
    return {
      send: (message) => port.postMessage(message),
      onMessage: (listener) => port.on("message", ({ data }) => listener(data)),
    };
  }
  // Without its host the process would run on unseen, and nobody could stop it.
  process.on("disconnect", () => process.exit(0));
  return {
    send: (message) => {
      if (process.connected) process.send?.(message);
    },
    onMessage: (listener) => process.on("message", listener),
  };
}

function isParentPort(value: unknown): value is ParentPort {
  return value instanceof EventEmitter && "postMessage" in value;
}

await main();
