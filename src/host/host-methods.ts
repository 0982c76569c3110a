import { AppError, toErrorData, type AppErrorData } from "../core/errors.js";
import type { EngineApi, HostApi, ReplyOf } from "../shared/api.js";
import type { DocumentInfo } from "../shared/documents.js";
import { openAndRemember } from "./document-methods.js";
import type { Recents } from "./recents.js";
import type { SettingsStore } from "./settings-store.js";

/** What a host knows of itself. */
export interface HostIdentity {
  readonly host: ReplyOf<"getAppInfo">["host"];
  readonly version: string;
}

/** The picture named on the command line: the document that it became, or why it did not. */
export interface Startup {
  readonly document: DocumentInfo | null;
  readonly error: AppErrorData | null;
}

export const NO_STARTUP: Startup = { document: null, error: null };

/** Opens the picture named on the command line, if there is one. Never rejects. */
export async function openStartupFile(
  engine: EngineApi,
  recents: Recents,
  path: string | null,
): Promise<Startup> {
  if (path === null) return NO_STARTUP;
  try {
    return { document: await openAndRemember(engine, recents, path), error: null };
  } catch (error) {
    return { document: null, error: toErrorData(error) };
  }
}

/** Answers `getAppInfo`; waits for the startup picture, so that a page shows it at once. */
export function createGetAppInfo(
  identity: HostIdentity,
  engine: EngineApi,
  startup: Promise<Startup>,
  settings: Pick<SettingsStore, "problem">,
): HostApi["getAppInfo"] {
  return async () => {
    const { document, error } = await startup;
    return {
      ...identity,
      ...(await engine.getEngineInfo({})),
      startupDocument: document && (await currentInfo(engine, document)),
      startupError: error,
      settingsProblem: await settings.problem(),
    };
  };
}

/** A page may be loaded again much later: the document may have changed or been closed. */
async function currentInfo(engine: EngineApi, opened: DocumentInfo): Promise<DocumentInfo | null> {
  try {
    return await engine.getDocument({ documentId: opened.documentId });
  } catch (error) {
    if (error instanceof AppError && error.code === "DOCUMENT_UNKNOWN") return null;
    throw error;
  }
}
