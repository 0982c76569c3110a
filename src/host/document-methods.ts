import { AppError } from "../core/errors.js";
import type { EngineApi, HostApi } from "../shared/api.js";
import type { DocumentInfo } from "../shared/documents.js";
import type { Transport } from "../shared/transport.js";
import { openPath } from "./open-path.js";
import type { Recents } from "./recents.js";
import type { SettingsStore } from "./settings-store.js";

/** Opens a file that the person named, and remembers it. @throws AppError as `openPath` */
export async function openAndRemember(
  engine: EngineApi,
  recents: Recents,
  path: string,
): Promise<DocumentInfo> {
  const info = await openPath(engine, path);
  await recents.add(path);
  return info;
}

/** Answers what pages ask about recent files. */
export function createRecentMethods(
  engine: EngineApi,
  recents: Recents,
): Pick<HostApi, "listRecents" | "openRecent" | "clearRecents"> {
  return {
    listRecents: async () => ({ recents: await recents.list() }),
    openRecent: async ({ recentId }) => {
      const path = await recents.pathOf(recentId);
      try {
        return await openAndRemember(engine, recents, path);
      } catch (error) {
        // A file that is gone would only be offered again.
        if (error instanceof AppError && error.code === "FILE_NOT_FOUND")
          await recents.remove(path);
        throw error;
      }
    },
    clearRecents: async () => {
      await recents.clear();
      return {};
    },
  };
}

export interface MemoryParts {
  readonly engine: Pick<EngineApi, "setMemory">;
  readonly store: Pick<SettingsStore, "read">;
  /** Where the engine's restarts are heard. */
  readonly engineEvents: Pick<Transport, "subscribe">;
  /** Where changes of settings are heard. */
  readonly events: Pick<Transport, "subscribe">;
}

/** Tells the engine, now and whenever it changes, how much the settings let it remember. */
export function keepMemorySetting({ engine, store, engineEvents, events }: MemoryParts): void {
  const tell = async (): Promise<void> => {
    const { memoryMegabytes } = await store.read();
    // An engine that is not there is told when it is back; until then its own default is as good.
    await engine.setMemory({ megabytes: memoryMegabytes }).catch(() => undefined);
  };
  engineEvents.subscribe("engine-restarted", () => void tell());
  events.subscribe("settings-changed", () => void tell());
  void tell();
}
