import type { Topic } from "./events.js";

/**
 * How a screen reaches its host. Electron IPC, the loopback server, an engine in the same process
 * and the tests' fake are such transports.
 */
export interface Transport {
  /**
   * Sends a request and waits for the unparsed reply.
   * @throws AppError whatever went wrong on the other side, or on the way
   */
  invoke(method: string, request: unknown): Promise<unknown>;
  /** Listens to a topic's unparsed payloads. Returns how to stop. */
  subscribe(topic: Topic, listener: (payload: unknown) => void): () => void;
}
