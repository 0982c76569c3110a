import { toErrorData } from "../../core/errors.js";
import type { ProbeOutcome, ProbeRequest } from "../../shared/probe.js";
import { openBundle } from "../bundle/bundle.js";
import { verifyModel } from "../bundle/golden.js";
import { modelOf } from "../bundle/model.js";
import { describeProvider, isProvider } from "./device.js";
import { graphicsName } from "./graphics.js";

/**
 * Runs a bundle's recorded inputs on a device, twice: the first pass decides whether it computes
 * rightly, the second, warm one, how fast. Meant for a process of its own, since a driver may crash
 * or hang. Never rejects.
 */
export async function runProbe({ bundleFolder, provider }: ProbeRequest): Promise<ProbeOutcome> {
  if (!isProvider(provider)) {
    return { ok: false, reason: `Expected a known device but got ${provider}.`, isCrash: false };
  }
  try {
    const model = modelOf(await openBundle(bundleFolder), provider);
    try {
      await verifyModel(model);
      const startMs = performance.now();
      await verifyModel(model);
      const passMs = performance.now() - startMs;
      const graphics = provider === "cpu" ? "" : await graphicsName();
      return { ok: true, deviceName: describeProvider(provider, graphics), passMs };
    } finally {
      await model.release();
    }
  } catch (error) {
    return { ok: false, reason: toErrorData(error).message.slice(0, 2_000), isCrash: false };
  }
}
