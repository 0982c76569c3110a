import type { Events, Topic } from "../shared/events.js";
import type { Transport } from "../shared/transport.js";

/** Passes events on to whoever listens. A listener that throws does not keep others from hearing. */
export class Emitter implements Pick<Transport, "subscribe"> {
  readonly #listeners = new Map<Topic, Set<(payload: unknown) => void>>();
  readonly #onListenerError: (error: unknown) => void;

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  emit<T extends Topic>(topic: T, payload: Events[T]): void {
    for (const listener of [...(this.#listeners.get(topic) ?? [])]) {
      try {
        listener(payload);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }

  subscribe(topic: Topic, listener: (payload: unknown) => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners);
    // A wrapper of its own, so that the same function may subscribe twice.
    const entry = (payload: unknown) => listener(payload);
    listeners.add(entry);
    return () => {
      listeners.delete(entry);
    };
  }
}
