import type { IpcRenderer } from "electron";
import { EVENT_CHANNEL, INVOKE_CHANNEL, type StudioBridge } from "../shared/bridge.js";

/**
 * The two functions that the page gets. They name the channels themselves, and pass neither
 * Electron's objects nor its events on. What is sent is checked by the main process.
 */
export function createBridge(ipc: Pick<IpcRenderer, "invoke" | "on">): StudioBridge {
  const listeners = new Map<string, Set<(payload: unknown) => void>>();
  ipc.on(EVENT_CHANNEL, (_event, topic: string, payload: unknown) => {
    for (const listener of [...(listeners.get(topic) ?? [])]) listener(payload);
  });
  return Object.freeze({
    invoke: (method: string, request: unknown): Promise<unknown> =>
      ipc.invoke(INVOKE_CHANNEL, method, request),
    subscribe: (topic: string, listener: (payload: unknown) => void) => {
      const known = listeners.get(topic) ?? new Set();
      listeners.set(topic, known);
      const entry = (payload: unknown) => listener(payload);
      known.add(entry);
      return () => {
        known.delete(entry);
      };
    },
  });
}
