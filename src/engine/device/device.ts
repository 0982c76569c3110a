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

/** Session options for a provider. Asking for one says nothing about whether it will be used. */
export function sessionOptions(provider: Provider): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    intraOpNumThreads: inferenceThreads(),
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    // Fatal only: the runtime's own words on stderr would mix with a host's output, and every
    // failure also comes as an exception.
    logSeverityLevel: 4,
  };
}

/** A provider as people know it. */
export function describeProvider(provider: Provider): string {
  if (provider !== "cpu") return provider.toUpperCase();
  const model = cpus()[0]?.model.trim() ?? "CPU";
  const threads = inferenceThreads();
  return `${model || "CPU"}, ${threads} ${threads === 1 ? "thread" : "threads"}`;
}
