import { join, resolve } from "node:path";
import type { EngineFolders } from "../shared/engine-messages.js";

/** Names the folder of imported models, wherever the person's other files lie. */
export const IMPORTED_MODELS_VARIABLE = "SPECTRAL_IMPORTED_MODELS";

/**
 * The folders that an engine may write to beside its session: imported models, and what was found
 * out about devices.
 * @param configDir the person's folder, or null where nothing is to be kept
 */
export function userFolders(
  configDir: string | null,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Pick<EngineFolders, "importedModelsDir" | "stateDir"> {
  const named = env[IMPORTED_MODELS_VARIABLE] ?? "";
  const imported = named === "" ? configDir && join(configDir, "models") : resolve(named);
  return {
    ...(imported === null ? {} : { importedModelsDir: imported }),
    ...(configDir === null ? {} : { stateDir: configDir }),
  };
}
