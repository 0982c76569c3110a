import {
  documentInfoSchema,
  exportOptionsSchema,
  nameSchema,
  recoverySchema,
  scaleThumbnailSchema,
  tileSchema,
  transformSchema,
} from "./documents.js";
import { draftSchema } from "./drafts.js";
import { appErrorDataSchema } from "./errors.js";
import { finishedJobSchema } from "./events.js";
import { documentIdSchema, jobIdSchema, modelIdSchema, revisionSchema } from "./ids.js";
import { jobRequestSchema, upscaleJobSchema } from "./jobs.js";
import { MAX_VARIATIONS } from "./limits.js";
import { menuSchema } from "./menu.js";
import {
  deviceChoiceSchema,
  deviceInfoSchema,
  deviceOptionSchema,
  installedModelSchema,
} from "./models.js";
import {
  bytesSchema,
  fileBytesSchema,
  packedMaskSchema,
  rectSchema,
  screenImageSchema,
  sideSchema,
} from "./pixels.js";
import { settingsSchema } from "./settings.js";
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
const byRevision = byDocument.extend({ revision: revisionSchema });
const byRecovery = z.object({ recoveryId: recoverySchema.unwrap().shape.recoveryId });
const devicesSchema = z.object({
  chosen: deviceChoiceSchema,
  actual: deviceInfoSchema,
  devices: z.array(deviceOptionSchema).readonly(),
});
const variationSchema = z
  .int()
  .min(0)
  .max(MAX_VARIATIONS - 1);
const recentSchema = z
  .object({ recentId: z.string().min(1).max(64), name: nameSchema, openedAt: z.number().min(0) })
  .readonly();

/** What tells a job's previews apart. */
const previewPlaceSchema = z
  .object({
    scale: z.int().min(0),
    variation: variationSchema.optional(),
    rect: rectSchema,
  })
  .readonly();

/** A job that a page which was loaded again should know of. */
const openJobSchema = byJob
  .extend({
    request: jobRequestSchema,
    /** The state that it works on; null for a new picture. */
    revision: revisionSchema.nullable(),
    /** How it ended, or null while it is under way. */
    finished: finishedJobSchema.nullable(),
    /** Variations whose final pictures have come: `readJobPicture` gives them, one at a time. */
    pictures: z.array(variationSchema).max(MAX_VARIATIONS).readonly(),
    /** Its previews, in the order in which they came: `readJobPreview` gives their pictures, one at a time. */
    previews: z.array(previewPlaceSchema).readonly(),
    /** From its start to its end, or to now. */
    elapsedMs: z.number().min(0),
  })
  .readonly();
export type OpenJob = z.infer<typeof openJobSchema>;

/** Methods that the engine answers and a screen may call. */
const sharedMethods = {
  openDocument: method(
    z.object({
      name: nameSchema,
      bytes: fileBytesSchema,
      /** Opens the first picture of an animation, which is refused otherwise. */
      frame: z.literal("first").optional(),
      /** For one job only, as in a batch: `listDocuments` and recovery leave it out. */
      isTransient: z.boolean().optional(),
    }),
    documentInfoSchema,
  ),
  /** The documents that are open in this session, oldest first: a page that was loaded again shows them. */
  listDocuments: method(nothing, z.object({ documents: z.array(documentInfoSchema).readonly() })),
  getDocument: method(byDocument, documentInfoSchema),
  /** Keeps what was begun on a document, in place of what was kept before. */
  keepDraft: method(byDocument.extend({ draft: draftSchema }), nothing),
  /** What was begun on a document when the page or the app ended, or null. */
  readDraft: method(byDocument, z.object({ draft: draftSchema.nullable() })),
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
  startJob: method(
    jobRequestSchema,
    // The state that it works on; null for a new picture.
    byJob.extend({ revision: revisionSchema.nullable().optional() }),
  ),
  cancelJob: method(byJob, nothing),
  /**
   * Takes over a finished job's result; of several variations the one named, else the first. With
   * `isKept` the result stays, so that after an undo another variation can be taken.
   */
  acceptResult: method(
    byJob.extend({
      variation: z.int().min(0).max(MAX_VARIATIONS).optional(),
      isKept: z.boolean().optional(),
    }),
    documentInfoSchema,
  ),
  discardResult: method(byJob, nothing),
  undo: method(byDocument, documentInfoSchema),
  redo: method(byDocument, documentInfoSchema),
  goToRevision: method(
    z.object({ documentId: documentIdSchema, revision: revisionSchema }),
    documentInfoSchema,
  ),
  /** Crops or turns the shown picture: a new state without a job. */
  transformDocument: method(byDocument.extend({ transform: transformSchema }), documentInfoSchema),
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
  /** The size that an export would have, found by making it. */
  measureExport: method(exportOptionsSchema, z.object({ bytes: z.int().min(0) })),
  /** A revision as a small picture of at most `side` pixels, for the history. */
  readRevisionThumbnail: method(
    z.object({
      documentId: documentIdSchema,
      revision: revisionSchema,
      side: z.int().min(8).max(512),
    }),
    screenImageSchema({}),
  ),
  /**
   * A small part of what an upscale would make; `rect` in document pixels, at most 256 a side. The
   * `seconds` are those of the pixels alone: loading a model is paid once and not by the picture.
   */
  previewUpscale: method(
    z.object({ request: upscaleJobSchema, rect: rectSchema }),
    screenImageSchema({ rect: rectSchema, seconds: z.number().min(0) }),
  ),
  /** Pixels that are like one of a revision; `tolerance` is the largest difference of a sample. */
  selectByColour: method(
    byRevision.extend({
      x: z.int().min(0),
      y: z.int().min(0),
      tolerance: z.number().min(0).max(255),
      /** Only what hangs together with that pixel; else the whole picture. */
      contiguous: z.boolean(),
    }),
    packedMaskSchema,
  ),
  /** A mask from a picture file of the revision's size: white (or opaque) may change. */
  readMaskFile: method(
    byRevision.extend({ name: nameSchema, bytes: fileBytesSchema }),
    packedMaskSchema,
  ),
  /** What is opaque in a revision, as a mask. */
  readAlphaMask: method(byRevision, packedMaskSchema),
  /** A mask as a grey PNG of that size. */
  writeMaskFile: method(
    z.object({ width: sideSchema, height: sideSchema, mask: packedMaskSchema }),
    z.object({ bytes: bytesSchema }),
  ),
  /** Documents that an earlier run left behind, newest first. */
  listRecoveries: method(nothing, z.object({ recoveries: z.array(recoverySchema).readonly() })),
  /** Opens one of them with its whole history. */
  recoverDocument: method(byRecovery, documentInfoSchema),
  /** Deletes one of them for good. */
  forgetRecovery: method(byRecovery, nothing),
  /** Every device that the runtime offers here, and which was chosen. */
  listDevices: method(nothing, devicesSchema),
  /**
   * Probes and takes a device; models move over before the next job, without a restart. One that
   * crashed is tried again, unless `isRestored` says that it is only what was chosen before.
   */
  chooseDevice: method(
    z.object({ device: deviceChoiceSchema, isRestored: z.boolean().optional() }),
    devicesSchema,
  ),
  /** Checks and installs a bundle from a zip file. */
  importBundle: method(
    z.object({ name: nameSchema, bytes: fileBytesSchema }),
    installedModelSchema,
  ),
  /** Deletes an imported bundle; shipped ones stay. */
  removeBundle: method(z.object({ modelId: modelIdSchema }), nothing),
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
  /** How much may be remembered: decoded pictures, and the history of each document on disk. */
  setMemory: method(
    z.object({ megabytes: settingsSchema.unwrap().shape.memoryMegabytes }),
    nothing,
  ),
  /**
   * Runs a job again that an earlier process was lost with, under the same name and on the same
   * state. After a failure in the way that takes the least; without one, as if it were new.
   */
  resumeJob: method(
    byJob.extend({
      request: jobRequestSchema,
      revision: revisionSchema.nullable(),
      failure: appErrorDataSchema.nullable(),
    }),
    byJob,
  ),
  /** The usable models, what is wrong with the others, and what they run on. */
  getEngineInfo: method(
    nothing,
    z.object({
      models: z.array(installedModelSchema).readonly(),
      modelProblems: z.array(appErrorDataSchema).readonly(),
      device: deviceInfoSchema,
    }),
  ),
} as const;

/** Methods that a host answers itself. */
const hostMethods = {
  /** Jobs that wait, run, or have a result that nobody decided about, oldest first. */
  listJobs: method(nothing, z.object({ jobs: z.array(openJobSchema).readonly() })),
  /** The final picture of a variation of such a job. JOB_UNKNOWN if it is none, or has none yet. */
  readJobPicture: method(byJob.extend({ variation: variationSchema }), screenImageSchema({})),
  /** The picture of one of its previews. JOB_UNKNOWN if it has none such, or not any more. */
  readJobPreview: method(byJob.extend({ preview: previewPlaceSchema }), screenImageSchema({})),
  getAppInfo: method(
    nothing,
    z.object({
      version: z.string().max(64),
      host: z.enum(["electron", "loopback"]),
      models: z.array(installedModelSchema).readonly(),
      modelProblems: z.array(appErrorDataSchema).readonly(),
      device: deviceInfoSchema,
      /** The file named on the command line, opened. */
      startupDocument: documentInfoSchema.nullable(),
      /** Why that file could not be opened. */
      startupError: appErrorDataSchema.nullable(),
      /** What was wrong with the file of settings, whose place the defaults take. */
      settingsProblem: appErrorDataSchema.nullable().optional(),
    }),
  ),
  /** Native dialog; null if the person changed their mind. NOT_AVAILABLE in a browser tab. */
  openDocumentDialog: method(nothing, documentInfoSchema.nullable()),
  /** Native dialog and an atomic write. NOT_AVAILABLE in a browser tab. */
  saveDocumentDialog: method(
    exportOptionsSchema,
    z.object({ saved: z.boolean(), name: nameSchema.nullable() }),
  ),
  /** Native dialog for a folder to write into; null if the person changed their mind. */
  chooseFolder: method(
    nothing,
    z.object({ folderId: z.string().max(64), name: nameSchema }).nullable(),
  ),
  /** Writes a document atomically into a chosen folder, under a name that is free there. */
  exportToFolder: method(
    z.object({ folderId: z.string().max(64), name: nameSchema, options: exportOptionsSchema }),
    z.object({ name: nameSchema }),
  ),
  /** Shows this as the application's menu. NOT_AVAILABLE in a browser tab, which has a button for it. */
  setMenu: method(menuSchema, nothing),
  getSettings: method(nothing, settingsSchema),
  /** Changes what is named and keeps the rest. */
  updateSettings: method(settingsSchema.unwrap().partial(), settingsSchema),
  resetSettings: method(nothing, settingsSchema),
  /** Files opened before, newest first; a browser tab knows those named on the command line. */
  listRecents: method(nothing, z.object({ recents: z.array(recentSchema).readonly() })),
  openRecent: method(z.object({ recentId: z.string().max(64) }), documentInfoSchema),
  clearRecents: method(nothing, nothing),
  /** The newest lines of the log of host and engine. */
  readLog: method(
    nothing,
    z.object({ lines: z.array(z.string().max(2_000)).max(2_000).readonly() }),
  ),
  /** Versions, system, device, models and recent log lines as text, without any path or picture name. */
  getDiagnostics: method(nothing, z.object({ text: z.string().max(1_000_000) })),
  /** Licences of everything that is part of the app. */
  readLicences: method(nothing, z.object({ text: z.string().max(4_000_000) })),
} as const;

/** Every method of the engine child, and of the engine in process. */
export const engineMethods = { ...sharedMethods, ...engineOnlyMethods } as const;
/** Every method that a screen may call. */
export const editorMethods = { ...sharedMethods, ...hostMethods } as const;

export type EngineMethod = keyof typeof engineMethods;

/** Methods of the engine that do the same when they are asked twice as when they are asked once. */
const REPEATABLE: ReadonlySet<string> = new Set([
  "listDocuments",
  "getDocument",
  "keepDraft",
  "readDraft",
  "readTile",
  "readScaleThumbnails",
  "goToRevision",
  "exportDocument",
  "measureExport",
  "readRevisionThumbnail",
  "previewUpscale",
  "selectByColour",
  "readMaskFile",
  "readAlphaMask",
  "writeMaskFile",
  "listRecoveries",
  "listDevices",
  "markSaved",
  "ping",
  "setMemory",
  "getEngineInfo",
] satisfies EngineMethod[]);

export function isRepeatable(method: EngineMethod): boolean {
  return REPEATABLE.has(method);
}
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
