/** The page's only door to Electron: `window.studio`, put there by the preload script. */
export interface StudioBridge {
  /** Calls a method of the contract. Resolves with an envelope (see envelope.ts), never rejects. */
  invoke(method: string, request: unknown): Promise<unknown>;
  /** Listens to a topic's unparsed payloads; returns how to stop. Unknown topics hear nothing. */
  subscribe(topic: string, listener: (payload: unknown) => void): () => void;
}

/** The property of `window` that holds the bridge. */
export const BRIDGE_NAME = "studio";

/** IPC channels between the preload script and the main process. */
export const INVOKE_CHANNEL = "studio:invoke";
export const EVENT_CHANNEL = "studio:event";
