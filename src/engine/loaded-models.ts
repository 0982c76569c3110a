import { AppError } from "../core/errors.js";
import type { Bundle } from "./bundle/bundle.js";
import { requireFitting } from "./bundle/memory.js";
import type { Provider } from "./device/device.js";
import { HeldModel, type ModelUse } from "./held-model.js";
import type { LoadedToEnlarge } from "./jobs/prompts.js";

/**
 * The models that lie in memory. None is released beneath a user: its threads and sessions would be
 * gone in the middle of a run.
 */
export class LoadedModels {
  /** A model is in it until its memory is free. */
  readonly #held = new Set<HeldModel>();

  /**
   * A model for one more user; loaded if it is not there. The same model on another device, or with
   * another content, goes as soon as nobody uses it.
   * @throws AppError OUT_OF_MEMORY
   */
  use(bundle: Bundle, provider: Provider, load: () => Promise<LoadedToEnlarge>): ModelUse {
    const held = this.#current(bundle.manifest.id).find(
      (one) => one.provider === provider && one.bundle.sha256 === bundle.sha256,
    );
    return (held ?? this.#add(bundle, provider, load)).use();
  }

  /**
   * Frees a model's memory; nothing happens if it is not loaded.
   * @throws AppError NOT_AVAILABLE if somebody uses it
   */
  async release(modelId: string): Promise<void> {
    const own = [...this.#held].filter(({ bundle }) => bundle.manifest.id === modelId);
    if (own.some(({ isUsed }) => isUsed)) throw inUse(modelId);
    await Promise.all(own.map((held) => this.#retire(held)));
  }

  /** Frees all memory; waits for those who still use a model. */
  async dispose(): Promise<void> {
    await Promise.all([...this.#held].map((held) => this.#retire(held)));
  }

  #current(modelId: string): HeldModel[] {
    return [...this.#held].filter(
      ({ bundle, isRetired }) => bundle.manifest.id === modelId && !isRetired,
    );
  }

  #add(bundle: Bundle, provider: Provider, load: () => Promise<LoadedToEnlarge>): HeldModel {
    requireFitting(bundle.manifest);
    for (const other of this.#current(bundle.manifest.id)) void this.#retire(other);
    // What nobody uses any more leaves its memory first.
    const leaving = [...this.#held].filter(({ isUsed, isRetired }) => isRetired && !isUsed);
    const model = Promise.all(leaving.map((other) => other.retire())).then(load);
    const held = new HeldModel(bundle, provider, model);
    this.#held.add(held);
    // A failure may pass (memory, a file being copied): the next job tries again.
    model.catch(() => this.#held.delete(held));
    return held;
  }

  async #retire(held: HeldModel): Promise<void> {
    await held.retire();
    this.#held.delete(held);
  }
}

function inUse(modelId: string): AppError {
  return new AppError(
    "NOT_AVAILABLE",
    `Expected a model that nothing uses but ${modelId} is at work; wait until its job is done, or cancel it, then try again.`,
    { modelId },
  );
}
