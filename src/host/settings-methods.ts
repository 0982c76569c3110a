import { toErrorData } from "../core/errors.js";
import type { EngineApi, HostApi } from "../shared/api.js";
import { DEFAULT_SETTINGS } from "../shared/settings.js";
import type { Transport } from "../shared/transport.js";
import type { Emitter } from "./emitter.js";
import type { SettingsStore } from "./settings-store.js";

export interface SettingsParts {
  readonly store: SettingsStore;
  readonly engine: Pick<EngineApi, "chooseDevice">;
  /** Where the engine's restarts are heard. */
  readonly engineEvents: Pick<Transport, "subscribe">;
  /** Where changes are told to every window. */
  readonly events: Pick<Emitter, "emit">;
  readonly log: (line: string) => void;
}

/** Answers what pages ask about settings, and tells the engine what concerns it. */
export function createSettingsMethods(
  parts: SettingsParts,
): Pick<HostApi, "getSettings" | "updateSettings" | "resetSettings"> {
  const { store, engine, events } = parts;
  parts.engineEvents.subscribe("engine-restarted", () => void applyDevice(parts));
  void applyDevice(parts);
  return {
    getSettings: () => store.read(),
    updateSettings: async (change) => {
      // First the engine: a device that does not work is not worth keeping.
      if (change.device !== undefined) await engine.chooseDevice({ device: change.device });
      const settings = await store.update(change);
      events.emit("settings-changed", settings);
      return settings;
    },
    resetSettings: async () => {
      const { device } = await store.read();
      const settings = await store.reset();
      events.emit("settings-changed", settings);
      if (device !== settings.device) await chooseDevice(parts, settings.device);
      return settings;
    },
  };
}

/** Tells a new engine what was chosen; by itself it begins with the fastest device. */
async function applyDevice(parts: SettingsParts): Promise<void> {
  const { device } = await parts.store.read();
  if (device !== DEFAULT_SETTINGS.device) await chooseDevice(parts, device, true);
}

/** Lets the engine compute on a device. Never rejects: it has another one in any case. */
async function chooseDevice(
  { engine, log }: SettingsParts,
  device: string,
  isRestored = false,
): Promise<void> {
  try {
    await engine.chooseDevice({ device, ...(isRestored && { isRestored }) });
  } catch (error) {
    const { code } = toErrorData(error);
    log(`device ${device} could not be chosen: ${code}`);
  }
}
