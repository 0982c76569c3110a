import { readFile } from "node:fs/promises";
import { AppError } from "../core/errors.js";
import type { EngineApi, HostApi } from "../shared/api.js";
import type { Transport } from "../shared/transport.js";
import { createDiagnosticsMethods } from "./diagnostics.js";
import type { Emitter } from "./emitter.js";
import type { HostIdentity } from "./host-methods.js";
import type { Log } from "./log.js";
import type { OpenJobs } from "./open-jobs.js";
import { createSettingsMethods } from "./settings-methods.js";
import type { SettingsStore } from "./settings-store.js";

export interface CommonParts {
  readonly identity: HostIdentity;
  readonly engine: EngineApi;
  /** Where the engine's restarts are heard. */
  readonly engineEvents: Pick<Transport, "subscribe">;
  /** Where this host tells its windows. */
  readonly events: Emitter;
  readonly store: SettingsStore;
  readonly log: Log;
  readonly jobs: Pick<OpenJobs, "list" | "readPicture" | "readPreview">;
  /** The text that the build made. */
  readonly licencesPath: string;
}

/** What every windowed host answers in the same way: open jobs, settings, log, diagnostics, licences. */
export function createCommonMethods(
  parts: CommonParts,
): Pick<
  HostApi,
  | "listJobs"
  | "readJobPicture"
  | "readJobPreview"
  | "getSettings"
  | "updateSettings"
  | "resetSettings"
  | "readLog"
  | "getDiagnostics"
  | "readLicences"
> {
  return {
    listJobs: parts.jobs.list,
    readJobPicture: parts.jobs.readPicture,
    readJobPreview: parts.jobs.readPreview,
    ...createSettingsMethods({ ...parts, log: parts.log.add }),
    ...createDiagnosticsMethods(parts),
    readLicences: async () => ({ text: await readLicences(parts.licencesPath) }),
  };
}

async function readLicences(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new AppError(
      "FILE_NOT_FOUND",
      "Expected the licences beside the program but they are not there; install it again, or run `npm run build` in a clone.",
      {},
      { cause: error },
    );
  }
}
