import { EventEmitter } from "node:events";
import { toErrorData } from "../core/errors.js";
import {
  asProbeAnswer,
  parseEngineArguments,
  parseEngineRequest,
  parseProbeArguments,
  requestIdOf,
  type EngineToHostMessage,
  type ProbeAnswer,
} from "../shared/engine-messages.js";
import { subscribeTo } from "../shared/client.js";
import { engineEventSchemas, isEngineTopic } from "../shared/events.js";
import { DEVICE_VARIABLE } from "../shared/models.js";
import type { ProbeOutcome, Prober } from "../shared/probe.js";
import { AUTO } from "./device/devices.js";
import { runProbe } from "./device/run-probe.js";
import { createEngine, type Engine } from "./index.js";
import { ProgressGate } from "./process/progress-gate.js";

/** The line to the host: Electron's `parentPort` in a utility process, Node's IPC channel elsewhere. */
interface Line {
  send(message: EngineToHostMessage | ProbeAnswer): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** As far as it is used here; Electron's types are not available to plain Node code. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: "message", listener: (event: { readonly data: unknown }) => void): void;
}

async function main(): Promise<void> {
  const line = openLine();
  const args = process.argv.slice(2);
  const probe = parseProbeArguments(args);
  if (probe === null) await serveHost(line, args);
  else line.send({ probe: 0, outcome: await runProbe(probe) });
}

/**
 * The engine process: answers requests of its host until the host goes away. Documents are in the
 * session folder, so the process may be killed at any moment.
 */
async function serveHost(line: Line, args: readonly string[]): Promise<void> {
  const prober = createLineProber(line);
  // Hosts have settings and tell the engine what a person chose; until then it takes the fastest.
  const device = process.env[DEVICE_VARIABLE] ?? "";
  const starting = createEngine({
    ...parseEngineArguments(args),
    prober,
    device: device === "" ? AUTO : device,
  });
  // At once: the prober listens already, and a message that only it hears would never be answered.
  line.onMessage((message) => void starting.then((engine) => answer(engine, line, message)));
  const engine = await starting;
  for (const topic of Object.keys(engineEventSchemas)) {
    if (!isEngineTopic(topic) || topic === "job-progress") continue;
    engine.subscribe(topic, (payload) => line.send({ event: topic, payload }));
  }
  const gate = new ProgressGate();
  subscribeTo(engine, "job-progress", (payload) => {
    if (gate.lets(payload, performance.now())) line.send({ event: "job-progress", payload });
  });
  // After the first job, whose person should not wait for measurements.
  engine.subscribe("job-finished", () => engine.exploreDevices());
}

/** Asks the host to try devices: it alone can start the process that may die of it. */
function createLineProber(line: Line): Prober {
  const waiting = new Map<number, (outcome: ProbeOutcome) => void>();
  let count = 0;
  line.onMessage((message) => {
    const answer = asProbeAnswer(message);
    if (answer === null) return;
    waiting.get(answer.probe)?.(answer.outcome);
    waiting.delete(answer.probe);
  });
  return (request) =>
    new Promise((resolve) => {
      const probe = count++;
      waiting.set(probe, resolve);
      line.send({ probe, request });
    });
}

async function answer(engine: Engine, line: Line, message: unknown): Promise<void> {
  if (asProbeAnswer(message) !== null) return;
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
