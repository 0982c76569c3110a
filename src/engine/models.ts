import { AppError, type AppErrorData } from "../core/errors.js";
import type { DeviceInfo, InstalledModel } from "../shared/models.js";
import type { ModelId } from "../shared/ids.js";
import { listBundles, summariseBundle, type BundleList } from "./bundle/list-bundles.js";
import { verifyModel } from "./bundle/golden.js";
import { Model, modelOf } from "./bundle/model.js";
import type { Bundle, DrawingBundle } from "./bundle/bundle.js";
import type { Devices } from "./device/devices.js";
import type { DeviceMemory } from "./device/device-memory.js";
import type { Provider } from "./device/device.js";
import { whileWanted, type JobContext } from "./jobs/job-context.js";
import type { LoadedModel, LoadedToEnlarge } from "./jobs/prompts.js";
import type { ModelUse } from "./held-model.js";
import { LoadedModels } from "./loaded-models.js";
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

/** Who uses a model. */
export interface ModelUser extends Pick<JobContext, "signal"> {
  /** Why a job runs a second time: then the model is the CPU's, whatever was chosen. */
  readonly failure?: EarlierFailure;
}

/** The bundles of both folders; each is loaded when it is first used, on the device of the moment. */
export class Models {
  readonly #loaded = new LoadedModels();
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

  /**
   * Does work with a model that is ready to draw, and stays so until the work is done.
   * @throws AppError as {@link drawingBundle} and loading
   */
  use<T>(modelId: ModelId, user: ModelUser, work: (loaded: LoadedModel) => Promise<T>): Promise<T> {
    return this.useToEnlarge(modelId, user, async (loaded) => {
      if (loaded.prompts === null) throw await this.#onlyEnlarges(modelId);
      return work(loaded);
    });
  }

  /**
   * The same with a model of any kind, known to compute rightly on its device.
   *
   * When another device was chosen since, it is loaded anew there; who uses it elsewhere keeps it.
   */
  async useToEnlarge<T>(
    modelId: ModelId,
    user: ModelUser,
    work: (loaded: LoadedToEnlarge) => Promise<T>,
  ): Promise<T> {
    user.signal.throwIfAborted();
    const taking = this.#take(modelId, user);
    const loading = taking.then(({ model }) => model);
    try {
      return await work(await whileWanted(user, loading));
    } finally {
      // Whoever was cancelled may get it only now.
      taking.then(
        ({ giveBack }) => giveBack(),
        () => undefined,
      );
    }
  }

  /** Frees a model's memory. @throws AppError NOT_AVAILABLE if somebody uses it */
  release(modelId: ModelId): Promise<void> {
    return this.#loaded.release(modelId);
  }

  /** Frees all memory, once nobody uses a model any more. */
  dispose(): Promise<void> {
    return this.#loaded.dispose();
  }

  async #take(modelId: ModelId, { signal, failure }: ModelUser): Promise<ModelUse> {
    const bundle = await this.bundle(modelId);
    const provider = await this.#providerFor(bundle, failure);
    signal.throwIfAborted();
    return this.#loaded.use(bundle, provider, () => this.#load(bundle, provider));
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
