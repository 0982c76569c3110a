import { randomBytes } from "node:crypto";
import { rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "../../core/errors.js";
import type { EngineEvents } from "../../shared/events.js";
import type { ModelId } from "../../shared/ids.js";
import type { InstalledModel } from "../../shared/models.js";
import type { Prober } from "../../shared/probe.js";
import type { DeviceMemory } from "../device/device-memory.js";
import type { Models } from "../models.js";
import type { Bundle } from "./bundle.js";
import { openFolderSource, type BundleSource } from "./bundle-source.js";
import { verifyModel } from "./golden.js";
import { importBundle } from "./import-bundle.js";
import { summariseBundle } from "./list-bundles.js";
import { modelOf } from "./model.js";
import { openZipSource } from "./zip-source.js";

export interface BundleMethodsOptions {
  readonly models: Models;
  readonly memory: DeviceMemory;
  readonly importedModelsDir: string | null;
  readonly prober: Prober | null;
  readonly onChange: (event: EngineEvents["models-changed"]) => void;
}

/** Installs and removes bundles. */
export class BundleMethods {
  readonly #options: BundleMethodsOptions;

  constructor(options: BundleMethodsOptions) {
    this.#options = options;
  }

  /** From a zip's bytes. @throws AppError see {@link importBundle} */
  async importZip(name: string, bytes: Uint8Array): Promise<InstalledModel> {
    this.#requireTarget();
    return this.#import(await openZipSource(bytes, name));
  }

  /** From a folder or a zip file on this machine's disk. */
  async importPath(path: string): Promise<InstalledModel> {
    this.#requireTarget();
    const stats = await stat(path).catch(() => null);
    if (stats === null) {
      throw new AppError(
        "FILE_NOT_FOUND",
        `Expected a model's folder or zip file at ${path} but there is none; check the name.`,
        { path },
      );
    }
    return this.#import(
      stats.isDirectory() ? openFolderSource(path) : await openZipSource(path, path),
    );
  }

  /**
   * Deletes an imported bundle.
   * @throws AppError BUNDLE_MISSING, NOT_AVAILABLE for a shipped one and while something uses it
   */
  async remove(modelId: ModelId): Promise<void> {
    const { models } = this.#options;
    const bundle = await models.bundle(modelId);
    if (models.isShipped(bundle)) {
      throw new AppError(
        "NOT_AVAILABLE",
        `Expected an imported model but ${modelId} came with the app; it cannot be removed.`,
        { modelId },
      );
    }
    // Refused rather than put off: a job reads further files of its model until its end.
    await models.release(modelId);
    // Renamed first: a folder that is half deleted would be listed as a damaged model.
    const grave = join(dirname(bundle.folder), `.removed-${randomBytes(6).toString("hex")}`);
    await rename(bundle.folder, grave);
    await rm(grave, { recursive: true, force: true });
    await this.#announce();
  }

  async #import(source: BundleSource): Promise<InstalledModel> {
    const { models } = this.#options;
    try {
      const bundle = await importBundle({
        source,
        targetDir: this.#requireTarget(),
        admit: async ({ id }) => {
          const { bundles } = await models.list();
          if (bundles.some(({ manifest }) => manifest.id === id)) throw alreadyThere(id);
        },
        verify: (imported) => this.#verify(imported),
      });
      await this.#announce();
      return summariseBundle(bundle, false);
    } finally {
      await source.close();
    }
  }

  /** In a process that may die, where there is one: a foreign graph runs here for the first time. */
  async #verify(bundle: Bundle): Promise<void> {
    const { prober, memory } = this.#options;
    if (prober === null) {
      await verifyHere(bundle);
    } else {
      const outcome = await prober({ bundleFolder: bundle.folder, provider: "cpu" });
      if (!outcome.ok) throw failsCheck(bundle, outcome.reason);
    }
    await memory.noteVerified("cpu", bundle.sha256);
  }

  async #announce(): Promise<void> {
    const { models, onChange } = this.#options;
    models.refresh();
    const info = await models.info();
    onChange({ models: info.models, modelProblems: info.modelProblems });
  }

  #requireTarget(): string {
    const { importedModelsDir } = this.#options;
    if (importedModelsDir !== null) return importedModelsDir;
    throw new AppError(
      "NOT_AVAILABLE",
      "Expected a folder for imported models but this installation has none; copy the model into the folder of models instead.",
    );
  }
}

async function verifyHere(bundle: Bundle): Promise<void> {
  const model = modelOf(bundle, "cpu");
  try {
    await verifyModel(model);
  } finally {
    await model.release();
  }
}

function alreadyThere(modelId: string): AppError {
  return new AppError(
    "REQUEST_INVALID",
    `Expected a new model but ${modelId} is installed already; remove it first.`,
    { modelId },
  );
}

function failsCheck({ manifest }: Bundle, reason: string): AppError {
  return new AppError(
    "ENGINE_OUTPUT_INVALID",
    `Expected the model ${manifest.id} to give what was recorded with it but it did not (${reason}); get the model again from where it comes from.`,
    { modelId: manifest.id },
  );
}
