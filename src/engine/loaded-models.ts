import { AppError } from "../core/errors.js";
import type { BundleManifest } from "../shared/bundle-manifest.js";
import type { Bundle } from "./bundle/bundle.js";
import { estimateMemory, machineMemory, missingMemory, requireFitting } from "./bundle/memory.js";
import type { Provider } from "./device/device.js";
import { HeldModel, type ModelUse } from "./held-model.js";
import type { LoadedToEnlarge } from "./jobs/prompts.js";

/**
 * The models that lie in memory. None is released beneath a user: its threads and sessions would be
 * gone in the middle of a run. Those that nobody uses stay warm until their memory is needed.
 */
export class LoadedModels {
  /** Least recently used first; a model is in it until its memory is free. */
  readonly #held = new Set<HeldModel>();

  /** @param availableBytes memory of the machine */
  constructor(private readonly availableBytes = machineMemory()) {}

  /**
   * A model for one more user; loaded if it is not there. The same model on another device, or with
   * another content, goes as soon as nobody uses it, and others that nobody uses go if there is too
   * little memory for all.
   * @throws AppError OUT_OF_MEMORY if it does not fit beside those that are in use
   */
  use(bundle: Bundle, provider: Provider, load: () => Promise<LoadedToEnlarge>): ModelUse {
    const known = this.#current(bundle.manifest.id).find(
      (one) => one.provider === provider && one.bundle.sha256 === bundle.sha256,
    );
    const held = known ?? this.#add(bundle, provider, load);
    this.#held.delete(held);
    this.#held.add(held);
    return held.use();
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
    for (const other of this.#current(bundle.manifest.id)) void this.#retire(other);
    this.#makeRoom(bundle.manifest);
    // What nobody uses any more leaves its memory first.
    const leaving = [...this.#held].filter(({ isUsed, isRetired }) => isRetired && !isUsed);
    const model = Promise.all(leaving.map((other) => other.retire())).then(load);
    const held = new HeldModel(bundle, provider, model);
    // A failure may pass (memory, a file being copied): the next job tries again.
    model.catch(() => this.#held.delete(held));
    return held;
  }

  /** Sends away what nobody uses, least recently used first, until there is memory enough. */
  #makeRoom(manifest: BundleManifest): void {
    const held = [...this.#held];
    const used = held.filter(({ isUsed }) => isUsed);
    requireFitting(manifest, this.availableBytes, memoryOf(used));
    const idle = held.filter(({ isUsed, isRetired }) => !isUsed && !isRetired);
    for (const [at, oldest] of idle.entries()) {
      const loadedBytes = memoryOf([...used, ...idle.slice(at)]);
      if (missingMemory(manifest, this.availableBytes, loadedBytes) === 0) break;
      void this.#retire(oldest);
    }
  }

  async #retire(held: HeldModel): Promise<void> {
    await held.retire();
    this.#held.delete(held);
  }
}

function memoryOf(models: readonly HeldModel[]): number {
  return models.reduce((sum, { bundle }) => sum + estimateMemory(bundle.manifest), 0);
}

function inUse(modelId: string): AppError {
  return new AppError(
    "NOT_AVAILABLE",
    `Expected a model that nothing uses but ${modelId} is at work; wait until its job is done, or cancel it, then try again.`,
    { modelId },
  );
}
