import { asProbeAnswer } from "../shared/engine-messages.js";
import type { ProbeOutcome, Prober, ProbeRequest } from "../shared/probe.js";
import type { EngineLauncher } from "./engine-launcher.js";

/**
 * A driver that compiles for the first time may take this long; one that takes longer hangs.
 */
const PROBE_TIMEOUT_MS = 120_000;

/** Tries devices in throw-away processes: one that crashes or hangs there hurts nothing. */
export function createProcessProber(
  launcher: Pick<EngineLauncher, "launchProbe">,
  timeoutMs = PROBE_TIMEOUT_MS,
): Prober {
  return (request) => runProbeProcess(launcher, request, timeoutMs);
}

function runProbeProcess(
  launcher: Pick<EngineLauncher, "launchProbe">,
  request: ProbeRequest,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const child = launcher.launchProbe(request);
    const finish = (outcome: ProbeOutcome) => {
      clearTimeout(timer);
      child.kill();
      // Later words of the process change nothing: a promise is kept once.
      resolve(outcome);
    };
    const timer = setTimeout(
      () => finish(crashed(`it did not answer within ${Math.round(timeoutMs / 1000)} s`)),
      timeoutMs,
    );
    child.onMessage((message) => {
      const answer = asProbeAnswer(message);
      if (answer !== null) finish(answer.outcome);
    });
    child.onExit((reason) => finish(crashed(`its process ended: ${reason}`)));
  });
}

function crashed(what: string): ProbeOutcome {
  const reason = `Expected the device to pass its check but ${what}; it is left alone until you choose it again, or its driver or the app is updated.`;
  return { ok: false, reason, isCrash: true };
}
