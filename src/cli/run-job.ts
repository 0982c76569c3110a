import { AppError, fromErrorData } from "../core/errors.js";
import type { EngineApi } from "../shared/api.js";
import { subscribeTo } from "../shared/client.js";
import type { Events } from "../shared/events.js";
import type { JobRequest } from "../shared/jobs.js";
import type { Transport } from "../shared/transport.js";
import type { CommandContext } from "./command-context.js";

/** An engine that runs nothing else. */
export interface JobEngine extends Pick<Transport, "subscribe"> {
  readonly api: EngineApi;
}

/**
 * Runs one job to its end. The engine must have no other, since every event is taken as this job's.
 * @throws AppError the job's failure, JOB_CANCELLED after Ctrl-C
 */
export async function runJob(
  engine: JobEngine,
  request: JobRequest,
  { signal, onProgress }: Pick<CommandContext, "signal" | "onProgress">,
): Promise<Events["job-finished"]> {
  if (signal.aborted) throw cancelled();
  const stops = [subscribeTo(engine, "job-progress", onProgress)];
  // Listening before starting: a job may end before the reply that names it.
  const end = new Promise<Events["job-finished"]>((resolve, reject) => {
    stops.push(
      subscribeTo(engine, "job-finished", resolve, reject),
      subscribeTo(engine, "job-failed", ({ error }) => reject(fromErrorData(error)), reject),
      subscribeTo(engine, "job-cancelled", () => reject(cancelled()), reject),
    );
  });
  // It is awaited below; if starting fails nobody else would take the rejection.
  end.catch(() => undefined);
  try {
    const { jobId } = await engine.api.startJob(request);
    const cancel = () => void engine.api.cancelJob({ jobId }).catch(() => undefined);
    signal.addEventListener("abort", cancel, { once: true });
    if (signal.aborted) cancel();
    return await end.finally(() => signal.removeEventListener("abort", cancel));
  } finally {
    for (const stop of stops) stop();
  }
}

function cancelled(): AppError {
  return new AppError("JOB_CANCELLED", "Cancelled; nothing was written.");
}
