import { fork } from "node:child_process";
import { engineArguments, probeArguments, type EngineFolders } from "../shared/engine-messages.js";
import type { EngineChild, EngineLauncher } from "./engine-launcher.js";

/** What to run as an engine process. */
export interface ForkOptions extends EngineFolders {
  /** The engine's entry: the built `child.js`. */
  readonly childPath: string;
  /** Options for Node itself; tests run TypeScript with them. */
  readonly execArgv?: readonly string[];
  /** Takes what the process prints, for a log; it goes to standard error if nobody does. */
  readonly onOutput?: (text: string) => void;
}

/** Starts engine processes with Node's `fork`. */
export function createForkLauncher(options: ForkOptions): EngineLauncher {
  return {
    launch: () => launchFork(options, engineArguments(options)),
    launchProbe: (request) => launchFork(options, probeArguments(request)),
  };
}

function launchFork(
  options: Pick<ForkOptions, "childPath" | "execArgv" | "onOutput">,
  args: readonly string[],
): EngineChild {
  const child = fork(options.childPath, args, {
    // Structured clone: pixels travel as typed arrays, not as JSON.
    serialization: "advanced",
    // The host's standard output belongs to its own lines; the child's never go there.
    stdio: options.onOutput ? ["ignore", "pipe", "pipe", "ipc"] : ["ignore", 2, 2, "ipc"],
    execArgv: [...(options.execArgv ?? [])],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => options.onOutput?.(text));
  }
  return {
    pid: child.pid,
    send: (message) => {
      // Proof of the cast: with advanced serialization anything that can be cloned may be sent.
      const sendable = message as Parameters<typeof child.send>[0];
      // The callback takes the error of a closed channel, which would otherwise be thrown.
      if (child.connected) child.send(sendable, () => undefined);
    },
    onMessage: (listener) => {
      child.on("message", listener);
    },
    onExit: (listener) => {
      let isGone = false;
      const report = (reason: string) => {
        if (!isGone) listener(reason);
        isGone = true;
      };
      // A process that cannot be started has no exit, only an error.
      child.once("error", (error) => report(`could not be started: ${error.message}`));
      child.once("exit", (code, signal) =>
        report(signal === null ? `exit code ${code ?? "unknown"}` : `signal ${signal}`),
      );
    },
    kill: () => {
      child.kill("SIGKILL");
    },
  };
}
