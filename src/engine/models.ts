import { AppError, toErrorData, type AppErrorData } from "../core/errors.js";
import type { DeviceInfo, ModelSummary } from "../shared/models.js";
import type { ModelId } from "../shared/ids.js";
import { listBundles, summariseBundle, type BundleList } from "./bundle/list-bundles.js";
import { verifyModel } from "./bundle/golden.js";
import { Model } from "./bundle/model.js";
import type { Bundle } from "./bundle/bundle.js";
import { describeProvider, isProvider, PROVIDERS, type Provider } from "./device/device.js";
import type { LoadedModel } from "./jobs/prompts.js";
import { PromptEncoder } from "./text/prompt-encoder.js";

/** Overrides the device; one of the runtime's provider names. */
export const DEVICE_VARIABLE = "SPECTRAL_DEVICE";

/** What can be run, and on what. */
export interface ModelsInfo {
  readonly models: readonly ModelSummary[];
  readonly modelProblems: readonly AppErrorData[];
  readonly device: DeviceInfo;
}

/** The bundles of a folder; each is loaded and verified when it is first used. */
export class Models {
  readonly #loaded = new Map<ModelId, Promise<LoadedModel>>();
  readonly #deviceProblems: AppErrorData[] = [];
  #list: Promise<BundleList> | undefined;
  #provider: Provider;

  /** @param device wanted provider name; anything unknown is reported and means the CPU */
  constructor(
    private readonly modelsDir: string,
    device = "cpu",
  ) {
    const wanted = device.toLowerCase();
    this.#provider = isProvider(wanted) ? wanted : "cpu";
    if (!isProvider(wanted)) this.#deviceProblems.push(toErrorData(unknownDevice(device)));
  }

  async info(): Promise<ModelsInfo> {
    const { bundles, problems } = await (this.#list ??= listBundles(this.modelsDir));
    return {
      models: bundles.map(summariseBundle),
      modelProblems: [...problems, ...this.#deviceProblems],
      device: { name: describeProvider(this.#provider), provider: this.#provider },
    };
  }

  /**
   * A bundle's checked manifest and layout.
   * @throws AppError BUNDLE_MISSING, or what is wrong with it
   */
  async bundle(modelId: ModelId): Promise<Bundle> {
    const { bundles, problems } = await (this.#list ??= listBundles(this.modelsDir));
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

  /** A model that is ready to run, verified on its device once. */
  load(modelId: ModelId): Promise<LoadedModel> {
    const known = this.#loaded.get(modelId);
    if (known) return known;
    const loading = this.#load(modelId);
    this.#loaded.set(modelId, loading);
    // A failure may pass (memory, a file being copied): the next job tries again.
    loading.catch(() => this.#loaded.delete(modelId));
    return loading;
  }

  async dispose(): Promise<void> {
    for (const loading of this.#loaded.values()) {
      await (await loading.catch(() => null))?.model.release();
    }
    this.#loaded.clear();
  }

  async #load(modelId: ModelId): Promise<LoadedModel> {
    const bundle = await this.bundle(modelId);
    if (this.#provider !== "cpu") {
      try {
        return await verified(bundle, this.#provider);
      } catch (error) {
        this.#deviceProblems.push(toErrorData(fallback(this.#provider, error)));
        this.#provider = "cpu";
      }
    }
    return verified(bundle, "cpu");
  }
}

async function verified(bundle: Bundle, provider: Provider): Promise<LoadedModel> {
  const model = new Model(bundle, provider);
  try {
    await verifyModel(model);
  } catch (error) {
    await model.release();
    throw error;
  }
  return { model, prompts: new PromptEncoder(model) };
}

function unknownDevice(device: string): AppError {
  return new AppError(
    "NOT_AVAILABLE",
    `Expected one of the devices ${PROVIDERS.join(", ")} but got ${device}; the CPU is used.`,
    { device },
  );
}

function fallback(provider: Provider, error: unknown): AppError {
  return new AppError(
    "NOT_AVAILABLE",
    `Expected to compute on ${provider} but it failed its check (${toErrorData(error).message}); the CPU is used.`,
    { provider },
    { cause: error },
  );
}
