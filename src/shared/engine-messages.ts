import { AppError, type AppErrorData } from "../core/errors.js";
import { engineMethods, isEngineMethod, type EngineMethod } from "./api.js";
import { appErrorDataSchema, parseAs } from "./errors.js";
import { engineEventSchemas, isEngineTopic, type EngineTopic } from "./events.js";
import {
  probeOutcomeSchema,
  probeRequestSchema,
  type ProbeOutcome,
  type ProbeRequest,
} from "./probe.js";
import { z } from "./zod.js";

/** Host to child: call a method. `id` counts up within one child. */
export interface EngineRequest {
  readonly id: number;
  readonly method: EngineMethod;
  readonly params: unknown;
}

/** Child to host: the outcome of the call with that id. */
export type EngineReply =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly id: number; readonly ok: false; readonly error: AppErrorData };

/** Child to host: something happened. */
export interface EngineEvent {
  readonly event: EngineTopic;
  readonly payload: unknown;
}

/**
 * Child to host: try a device in another process. Only the host can start one, since Electron's
 * children have no children.
 */
export interface ProbeCall {
  /** Counts up within one child. */
  readonly probe: number;
  readonly request: ProbeRequest;
}

/** Host to child: what came of it. Also all that a process which was started for it ever says. */
export interface ProbeAnswer {
  readonly probe: number;
  readonly outcome: ProbeOutcome;
}

export type EngineToHostMessage = EngineReply | EngineEvent | ProbeCall;

const idSchema = z.int().min(0);

const requestSchema = z.object({
  id: idSchema,
  method: z.custom<EngineMethod>(isEngineMethod, "expected a method of the engine"),
  params: z.unknown(),
});

const fromEngineSchema: z.ZodType<EngineToHostMessage> = z.union([
  z.object({ id: idSchema, ok: z.literal(true), result: z.unknown() }),
  z.object({ id: idSchema, ok: z.literal(false), error: appErrorDataSchema }),
  z.object({
    event: z.custom<EngineTopic>(isEngineTopic, "expected a topic of the engine"),
    payload: z.unknown(),
  }),
  z.object({ probe: idSchema, request: probeRequestSchema }),
]);

const probeAnswerSchema = z.object({ probe: idSchema, outcome: probeOutcomeSchema });

/** The answer in a message, or null if it is something else. */
export function asProbeAnswer(message: unknown): ProbeAnswer | null {
  const parsed = probeAnswerSchema.safeParse(message);
  return parsed.success ? parsed.data : null;
}

/**
 * Parses what a child received, parameters included.
 * @throws AppError REQUEST_INVALID
 */
export function parseEngineRequest(message: unknown): EngineRequest {
  const { id, method, params } = parseAs(requestSchema, message, "engine request", "caller");
  const request: z.ZodType<unknown> = engineMethods[method].request;
  return { id, method, params: parseAs(request, params, `request for ${method}`, "caller") };
}

/** The id of a message that may otherwise be malformed, so that its sender can be answered. */
export function requestIdOf(message: unknown): number | null {
  const parsed = z.object({ id: idSchema }).safeParse(message);
  return parsed.success ? parsed.data.id : null;
}

/**
 * Parses the frame of what a host received from its child. Results stay unparsed, since they are
 * parsed where they are used; events are few and are parsed here.
 * @throws AppError ENGINE_OUTPUT_INVALID
 */
export function parseEngineMessage(message: unknown): EngineToHostMessage {
  const parsed = parseAs(fromEngineSchema, message, "engine message", "engine");
  if (!("event" in parsed)) return parsed;
  const schema: z.ZodType<unknown> = engineEventSchemas[parsed.event];
  return {
    event: parsed.event,
    payload: parseAs(schema, parsed.payload, `event ${parsed.event}`, "engine"),
  };
}

/** Folders that an engine works with. */
export interface EngineFolders {
  /** Holds one folder a bundle. */
  readonly modelsDir: string;
  /** Holds the open documents; survives the child. */
  readonly sessionDir: string;
  /** Holds imported bundles; without it none can be imported. */
  readonly importedModelsDir?: string;
  /** Remembers what was found out about devices; without it all is found out at each start. */
  readonly stateDir?: string;
}

/** The child's command line arguments; the inverse of {@link parseEngineArguments}. */
export function engineArguments(folders: EngineFolders): string[] {
  const { modelsDir, sessionDir, importedModelsDir, stateDir } = folders;
  return [
    ...["--models", modelsDir, "--session", sessionDir],
    ...(importedModelsDir === undefined ? [] : ["--imported-models", importedModelsDir]),
    ...(stateDir === undefined ? [] : ["--state", stateDir]),
  ];
}

/** Arguments of a child that only tries a device, says what came of it and ends. */
export function probeArguments({ bundleFolder, provider }: ProbeRequest): string[] {
  return ["--probe", provider, "--bundle", bundleFolder];
}

/** What such a child is to try, or null for an engine. */
export function parseProbeArguments(args: readonly string[]): ProbeRequest | null {
  const [flag, provider, , bundleFolder] = args;
  if (flag !== "--probe") return null;
  return parseAs(probeRequestSchema, { provider, bundleFolder }, "arguments of a probe", "caller");
}

/**
 * Reads the child's arguments (`process.argv.slice(2)`).
 * @throws AppError REQUEST_INVALID
 */
export function parseEngineArguments(args: readonly string[]): EngineFolders {
  const optional = (flag: string): string | undefined =>
    args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined;
  const valueAfter = (flag: string): string => {
    const value = optional(flag);
    if (value !== undefined && value !== "") return value;
    throw new AppError(
      "REQUEST_INVALID",
      `Expected the engine to be started with ${flag} FOLDER but it was not; start it through a host.`,
      { flag },
    );
  };
  const importedModelsDir = optional("--imported-models");
  const stateDir = optional("--state");
  return {
    modelsDir: valueAfter("--models"),
    sessionDir: valueAfter("--session"),
    ...(importedModelsDir === undefined ? {} : { importedModelsDir }),
    ...(stateDir === undefined ? {} : { stateDir }),
  };
}
