import { cpus } from "node:os";
import type { InferenceSession } from "onnxruntime-node";
import { inferenceThreads } from "./threads.js";

/** Names of onnxruntime's execution providers that the Node binding knows. */
export const PROVIDERS = ["cpu", "cuda", "dml", "coreml", "webgpu"] as const;
export type Provider = (typeof PROVIDERS)[number];

/** True for one of {@link PROVIDERS}. */
export function isProvider(value: string): value is Provider {
  const known: readonly string[] = PROVIDERS;
  return known.includes(value);
}

/**
 * What onnxruntime-node offers on a system, best guess first. Asking for another one is no error
 * everywhere: on some systems the session is made and silently computes on the CPU.
 */
export function offeredProviders(platform: NodeJS.Platform, arch: string): readonly Provider[] {
  if (platform === "win32") return ["dml", "webgpu", "cpu"];
  if (platform === "darwin") return ["webgpu", "coreml", "cpu"];
  if (platform === "linux" && arch === "x64") return ["cuda", "webgpu", "cpu"];
  return ["cpu"];
}

/** Session options for a provider. Asking for one says nothing about whether it will be used. */
export function sessionOptions(provider: Provider): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    intraOpNumThreads: inferenceThreads(),
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    // The runtime's threads would go on looking for work after a run, on cores that the app's own
    // decoder wants next.
    extra: { session: { force_spinning_stop: "1" } },
    // DirectML plans memory itself and runs one node after another; other settings are refused.
    ...(provider === "dml" ? { enableMemPattern: false, executionMode: "sequential" } : {}),
    // Fatal only: the runtime's own words on stderr would mix with a host's output, and every
    // failure also comes as an exception.
    logSeverityLevel: 4,
  };
}

const PROVIDER_LABELS: Readonly<Record<Exclude<Provider, "cpu">, string>> = {
  cuda: "CUDA",
  dml: "DirectML",
  coreml: "Core ML",
  webgpu: "WebGPU",
};

/**
 * A provider as people know it.
 * @param graphics name of the graphics card, empty if it is not known
 */
export function describeProvider(provider: Provider, graphics = ""): string {
  if (provider !== "cpu") {
    const label = PROVIDER_LABELS[provider];
    return graphics === "" ? label : `${graphics} (${label})`;
  }
  const model = cpus()[0]?.model.trim() ?? "CPU";
  const threads = inferenceThreads();
  return `${model || "CPU"}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
}
