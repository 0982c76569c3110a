import { release } from "node:os";
import { join } from "node:path";
import { env } from "onnxruntime-node";
import type { AppErrorData } from "../core/errors.js";
import type { EngineApi } from "../shared/api.js";
import { DEVICE_VARIABLE, type InstalledModel } from "../shared/models.js";
import type { Prober } from "../shared/probe.js";
import { BundleMethods } from "./bundle/bundle-methods.js";
import type { EnlargingModel } from "./bundle/enlarging-model.js";
import { describeProvider, offeredProviders } from "./device/device.js";
import { DeviceMemory } from "./device/device-memory.js";
import { Devices } from "./device/devices.js";
import { driverVersion, whyAbsent } from "./device/graphics.js";
import type { RecipeStep } from "./files/recipe.js";
import type { Emit } from "./jobs/job-queue.js";
import { Models } from "./models.js";

export interface ModelPartsOptions {
  readonly modelsDir: string;
  readonly importedModelsDir?: string;
  readonly stateDir?: string;
  readonly device?: string;
  readonly prober?: Prober;
}

/** Models, the devices that they run on, and the methods about both. */
export interface ModelParts {
  readonly models: Models;
  readonly methods: Pick<
    EngineApi,
    "listDevices" | "chooseDevice" | "importBundle" | "removeBundle" | "getEngineInfo"
  >;
  /** Installs a bundle from a folder or a zip file of this machine. */
  importPath(path: string): Promise<InstalledModel>;
  /** Tries devices that are not known yet, in the background. */
  explore(): void;
  /** What the results of a model are to be recorded with. */
  originOf(model: Pick<EnlargingModel, "bundle" | "provider">): RecipeStep["madeBy"];
  /** True for a failure that the CPU, one picture at a time, may not meet. */
  isWorthRetrying(failure: AppErrorData): boolean;
}

/** Puts the parts together; nothing is read or loaded before it is needed. */
export function createModelParts(options: ModelPartsOptions, emit: Emit): ModelParts {
  const { modelsDir, importedModelsDir = null, stateDir, prober = null } = options;
  const version = `${env.versions.node ?? "unknown"}/${driverVersion(release())}`;
  const memory = new DeviceMemory(stateDir ? join(stateDir, "devices.json") : null, version);
  const variable = process.env[DEVICE_VARIABLE] ?? "";
  const devices = new Devices({
    wanted: options.device ?? (variable === "" ? null : variable),
    offered: offeredProviders(process.platform, process.arch),
    memory,
    prober,
    whyAbsent,
    onChange: (device, reason) => {
      emit("device-changed", reason === null ? device : { ...device, reason });
    },
  });
  const models = new Models({ modelsDir, importedModelsDir, devices, memory });
  const bundles = new BundleMethods({
    models,
    memory,
    importedModelsDir,
    prober,
    onChange: (event) => emit("models-changed", event),
  });
  /** Devices are tried with the first model that draws, which is the one that people begin with. */
  const subject = async () => {
    const { bundles } = await models.list();
    return bundles.find(({ layout }) => layout !== null) ?? bundles[0] ?? null;
  };
  const listDevices = async () => ({
    chosen: await devices.chosen(),
    actual: devices.actual,
    devices: await devices.list(await subject()),
  });
  return {
    models,
    importPath: (path) => bundles.importPath(path),
    originOf: ({ provider, bundle }) => {
      const { actual } = devices;
      const device = actual.provider === provider ? actual.name : describeProvider(provider);
      return { modelSha256: bundle.sha256, provider, device };
    },
    isWorthRetrying: ({ code }) => {
      if (code === "OUT_OF_MEMORY") return true;
      const isDevices = code === "ENGINE_OUTPUT_INVALID" || code === "BUNDLE_DAMAGED";
      return isDevices && devices.actual.provider !== "cpu";
    },
    explore: () => {
      void subject().then((bundle) => bundle && devices.explore(bundle));
    },
    methods: {
      getEngineInfo: () => models.info(),
      listDevices,
      chooseDevice: async ({ device, isRestored }) => {
        await devices.choose(device, await subject(), isRestored);
        return listDevices();
      },
      importBundle: ({ name, bytes }) => bundles.importZip(name, bytes),
      removeBundle: async ({ modelId }) => {
        await bundles.remove(modelId);
        return {};
      },
    },
  };
}
