import {
  documentInfoSchema,
  exportOptionsSchema,
  nameSchema,
  scaleThumbnailSchema,
  tileSchema,
} from "./documents.js";
import { appErrorDataSchema } from "./errors.js";
import { documentIdSchema, jobIdSchema, modelIdSchema, revisionSchema } from "./ids.js";
import { jobRequestSchema } from "./jobs.js";
import { deviceInfoSchema, modelSummarySchema } from "./models.js";
import { bytesSchema, fileBytesSchema, rectSchema } from "./pixels.js";
import { z } from "./zod.js";

/** What goes in and what comes out of one method. */
export interface MethodSchemas<
  Request extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
> {
  readonly request: Request;
  readonly reply: Reply;
}

function method<Request extends z.ZodType, Reply extends z.ZodType>(
  request: Request,
  reply: Reply,
): MethodSchemas<Request, Reply> {
  return { request, reply };
}

const nothing = z.object({});
const byDocument = z.object({ documentId: documentIdSchema });
const byJob = z.object({ jobId: jobIdSchema });

/** Methods that the engine answers and a screen may call. */
const sharedMethods = {
  openDocument: method(
    z.object({
      name: nameSchema,
      bytes: fileBytesSchema,
      /** Opens the first picture of an animation, which is refused otherwise. */
      frame: z.literal("first").optional(),
    }),
    documentInfoSchema,
  ),
  getDocument: method(byDocument, documentInfoSchema),
  closeDocument: method(byDocument, nothing),
  readTile: method(
    z.object({
      documentId: documentIdSchema,
      revision: revisionSchema,
      /** 0 = native, n = box-reduced by 2^n. */
      level: z.int().min(0).max(16),
      column: z.int().min(0).max(65_535),
      row: z.int().min(0).max(65_535),
    }),
    tileSchema,
  ),
  readScaleThumbnails: method(
    z.object({
      documentId: documentIdSchema,
      revision: revisionSchema,
      modelId: modelIdSchema,
      region: rectSchema,
    }),
    z.object({ thumbnails: z.array(scaleThumbnailSchema).readonly() }),
  ),
  startJob: method(jobRequestSchema, byJob),
  cancelJob: method(byJob, nothing),
  acceptResult: method(byJob, documentInfoSchema),
  discardResult: method(byJob, nothing),
  undo: method(byDocument, documentInfoSchema),
  redo: method(byDocument, documentInfoSchema),
  goToRevision: method(
    z.object({ documentId: documentIdSchema, revision: revisionSchema }),
    documentInfoSchema,
  ),
  exportDocument: method(
    exportOptionsSchema,
    z.object({
      name: nameSchema,
      mediaType: z.string().max(64),
      bytes: bytesSchema,
      /** The revision that was exported; for `markSaved`. */
      revision: revisionSchema,
    }),
  ),
  /** Tells that a revision now lies in a file, so that the document is no longer dirty there. */
  markSaved: method(
    z.object({ documentId: documentIdSchema, revision: revisionSchema }),
    documentInfoSchema,
  ),
} as const;

/** Methods that only the engine knows; hosts call them, a screen cannot. */
const engineOnlyMethods = {
  /** Answers at once; hosts use it to tell a busy engine from one that hangs. */
  ping: method(nothing, nothing),
  /** The usable models, what is wrong with the others, and what they run on. */
  getEngineInfo: method(
    nothing,
    z.object({
      models: z.array(modelSummarySchema).readonly(),
      modelProblems: z.array(appErrorDataSchema).readonly(),
      device: deviceInfoSchema,
    }),
  ),
} as const;

/** Methods that a host answers itself. */
const hostMethods = {
  getAppInfo: method(
    nothing,
    z.object({
      version: z.string().max(64),
      host: z.enum(["electron", "loopback"]),
      models: z.array(modelSummarySchema).readonly(),
      modelProblems: z.array(appErrorDataSchema).readonly(),
      device: deviceInfoSchema,
      /** The file named on the command line, opened. */
      startupDocument: documentInfoSchema.nullable(),
      /** Why that file could not be opened. */
      startupError: appErrorDataSchema.nullable(),
    }),
  ),
  /** Native dialog; null if the person changed their mind. NOT_AVAILABLE in a browser tab. */
  openDocumentDialog: method(nothing, documentInfoSchema.nullable()),
  /** Native dialog and an atomic write. NOT_AVAILABLE in a browser tab. */
  saveDocumentDialog: method(
    exportOptionsSchema,
    z.object({ saved: z.boolean(), name: nameSchema.nullable() }),
  ),
} as const;

/** Every method of the engine child, and of the engine in process. */
export const engineMethods = { ...sharedMethods, ...engineOnlyMethods } as const;
/** Every method that a screen may call. */
export const editorMethods = { ...sharedMethods, ...hostMethods } as const;

export type EngineMethod = keyof typeof engineMethods;
export type EditorMethod = keyof typeof editorMethods;
export type HostMethod = keyof typeof hostMethods;

/** One asynchronous function a method; every failure is an `AppError`. */
export type ApiOf<Table extends Readonly<Record<string, MethodSchemas>>> = {
  readonly [M in keyof Table]: (
    request: z.infer<Table[M]["request"]>,
  ) => Promise<z.infer<Table[M]["reply"]>>;
};

/** The app as a screen sees it. */
export type EditorApi = ApiOf<typeof editorMethods>;
/** The engine as hosts and the command line see it. */
export type EngineApi = ApiOf<typeof engineMethods>;
/** What a host adds to the engine's methods. */
export type HostApi = ApiOf<typeof hostMethods>;

export type RequestOf<M extends keyof EditorApi | keyof EngineApi> = Parameters<
  (EditorApi & EngineApi)[M]
>[0];
export type ReplyOf<M extends keyof EditorApi | keyof EngineApi> = Awaited<
  ReturnType<(EditorApi & EngineApi)[M]>
>;

/** True for a method that a screen may call; nothing inherited, so `constructor` is not one. */
export function isEditorMethod(value: unknown): value is EditorMethod {
  return typeof value === "string" && Object.hasOwn(editorMethods, value);
}

/** True for a method of the engine. */
export function isEngineMethod(value: unknown): value is EngineMethod {
  return typeof value === "string" && Object.hasOwn(engineMethods, value);
}

/** True for a method that the host answers itself. */
export function isHostMethod(value: unknown): value is HostMethod {
  return typeof value === "string" && Object.hasOwn(hostMethods, value);
}
