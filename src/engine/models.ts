import { AppError, type AppErrorData } from "../core/errors.js";
import type { DeviceInfo, InstalledModel } from "../shared/models.js";
import type { ModelId } from "../shared/ids.js";
import { listBundles, summariseBundle, type BundleList } from "./bundle/list-bundles.js";
import { requireFitting } from "./bundle/memory.js";
import { verifyModel } from "./bundle/golden.js";
import { Model, modelOf } from "./bundle/model.js";
import type { Bundle, DrawingBundle } from "./bundle/bundle.js";
import type { Devices } from "./device/devices.js";
import type { DeviceMemory } from "./device/device-memory.js";
import type { Provider } from "./device/device.js";
import type { LoadedModel, LoadedToEnlarge } from "./jobs/prompts.js";
import { PromptEncoder } from "./text/prompt-encoder.js";

/** What can be run, and on what. */
export interface ModelsInfo {
  readonly models: readonly InstalledModel[];
  readonly modelProblems: readonly AppErrorData[];
  readonly device: DeviceInfo;
}

export interface ModelsOptions {
  /** Bundles that came with the app; never written to. */
  readonly modelsDir: string;
  /** Bundles that were imported, or null where none can be. */
  readonly importedModelsDir: string | null;
  readonly devices: Devices;
  readonly memory: DeviceMemory;
}

/** Why a job is run a second time. */
export type EarlierFailure = Pick<AppErrorData, "code" | "message">;

/** A model with what it was loaded for. */
interface Loading {
  readonly provider: Provider;
  readonly sha256: string;
  readonly model: Promise<LoadedToEnlarge>;
}

/** The bundles of both folders; each is loaded when it is first used, on the device of the moment. */
export class Models {
  readonly #loaded = new Map<ModelId, Loading>();
  readonly #options: ModelsOptions;
  #list: Promise<BundleList> | undefined;

  constructor(options: ModelsOptions) {
    this.#options = options;
  }

  async info(): Promise<ModelsInfo> {
    const { bundles, problems } = await this.list();
    const { problem, actual } = this.#options.devices;
    return {
      models: bundles.map((bundle) => summariseBundle(bundle, this.isShipped(bundle))),
      modelProblems: problem ? [...problems, problem] : problems,
      device: actual,
    };
  }

  /** Usable bundles, and why the others are not; shipped ones first. */
  list(): Promise<BundleList> {
    const { modelsDir, importedModelsDir } = this.#options;
    return (this.#list ??= listBundles(
      importedModelsDir === null ? [modelsDir] : [modelsDir, importedModelsDir],
    ));
  }

  /** Looks through the folders again, after one of them was changed. */
  refresh(): void {
    this.#list = undefined;
  }

  /** True for a bundle that came with the app. */
  isShipped({ source }: Bundle & { readonly source: string }): boolean {
    return source === this.#options.modelsDir;
  }

  /**
   * A bundle's checked manifest and layout.
   * @throws AppError BUNDLE_MISSING, or what is wrong with it
   */
  async bundle(modelId: ModelId): Promise<Bundle & { readonly source: string }> {
    const { bundles, problems } = await this.list();
    const bundle = bundles.find(({ manifest }) => manifest.id === modelId);
    if (bundle) return bundle;
    const known = bundles.map(({ manifest }) => manifest.id).join(", ") || "none";
    const reasons = problems.map(({ message }) => message).join(" ");
    throw new AppError(
      "BUNDLE_MISSING",
      `Expected an installed model but ${modelId} is not one (usable: ${known}). ${reasons}`.trim(),
      { modelId },
    );
  }

  /**
   * The bundle of a model that is to draw.
   * @throws AppError REQUEST_INVALID for one that only enlarges, else as {@link bundle}
   */
  async drawingBundle(modelId: ModelId): Promise<DrawingBundle> {
    const bundle = await this.bundle(modelId);
    if (bundle.layout === null) throw await this.#onlyEnlarges(modelId);
    return bundle;
  }

  /** A model that is ready to draw. @throws AppError as {@link drawingBundle} and loading */
  async load(modelId: ModelId, failure?: EarlierFailure): Promise<LoadedModel> {
    const loaded = await this.loadToEnlarge(modelId, failure);
    if (loaded.prompts === null) throw await this.#onlyEnlarges(modelId);
    return loaded;
  }

  /**
   * A model of any kind that is ready to run, known to compute rightly on its device.
   *
   * When another device was chosen since, it is loaded anew there.
   * @param failure why the job runs a second time: then it is the CPU's, whatever was chosen
   */
  async loadToEnlarge(modelId: ModelId, failure?: EarlierFailure): Promise<LoadedToEnlarge> {
    const bundle = await this.bundle(modelId);
    const provider = await this.#providerFor(bundle, failure);
    const known = this.#loaded.get(modelId);
    if (known?.provider === provider && known.sha256 === bundle.sha256) return known.model;
    await this.unload(modelId);
    const model = this.#load(bundle, provider);
    const loading = { provider, sha256: bundle.sha256, model };
    this.#loaded.set(modelId, loading);
    // A failure may pass (memory, a file being copied): the next job tries again.
    model.catch(() => {
      if (this.#loaded.get(modelId) === loading) this.#loaded.delete(modelId);
    });
    return model;
  }

  /** What a model that is loaded computes on, and what it is; null if it is not loaded. */
  loadedOn(modelId: ModelId): { readonly provider: Provider; readonly sha256: string } | null {
    return this.#loaded.get(modelId) ?? null;
  }

  /** Frees a model's memory; nothing happens if it is not loaded. */
  async unload(modelId: ModelId): Promise<void> {
    const loading = this.#loaded.get(modelId);
    this.#loaded.delete(modelId);
    const loaded = await loading?.model.catch(() => null);
    await loaded?.model.release();
  }

  async dispose(): Promise<void> {
    for (const modelId of [...this.#loaded.keys()]) await this.unload(modelId);
  }

  async #providerFor(bundle: Bundle, failure: EarlierFailure | undefined): Promise<Provider> {
    const { devices } = this.#options;
    const provider = await devices.providerFor(bundle);
    if (failure === undefined || provider === "cpu") return provider;
    // Too little memory says nothing against the device itself.
    if (failure.code !== "OUT_OF_MEMORY") {
      const isCrash = failure.code === "ENGINE_DIED" || failure.code === "ENGINE_TIMEOUT";
      await devices.distrust(provider, bundle, failure.message, isCrash);
    }
    return "cpu";
  }

  async #onlyEnlarges(modelId: ModelId): Promise<AppError> {
    const { bundles } = await this.list();
    const others = bundles.filter(({ layout }) => layout !== null);
    const known = others.map(({ manifest }) => manifest.id).join(", ") || "none is installed";
    return new AppError(
      "REQUEST_INVALID",
      `Expected a model that draws but ${modelId} only enlarges; choose one that draws (${known}), or upscale with this one.`,
      { modelId },
    );
  }

  async #load(bundle: Bundle, provider: Provider): Promise<LoadedToEnlarge> {
    requireFitting(bundle.manifest);
    const model = modelOf(bundle, provider);
    // Networks are tried one by one before their first use: most jobs need one of a dozen.
    if (!(model instanceof Model)) return { model, prompts: null };
    const { memory } = this.#options;
    try {
      // Any other device was tried in a process of its own before it got here.
      if (!(await memory.isVerified(provider, bundle.sha256))) {
        await verifyModel(model);
        await memory.noteVerified(provider, bundle.sha256);
      }
    } catch (error) {
      await model.release();
      throw error;
    }
    return { model, prompts: new PromptEncoder(model) };
  }
}
