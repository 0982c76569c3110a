import type { EngineChild, EngineLauncher } from "../host/engine-launcher.js";
import { engineArguments, probeArguments, type EngineFolders } from "../shared/engine-messages.js";
import type { ElectronApi } from "./electron-api.js";

/**
 * Starts engine processes with Electron's `utilityProcess`. It is the only way: `fork` needs the
 * fuse that lets the app's binary run as plain Node, which is off.
 */
export function createUtilityLauncher(
  utilityProcess: ElectronApi["utilityProcess"],
  options: EngineFolders & {
    readonly childPath: string;
    /** Takes what the process prints, for a log. */
    readonly onOutput: (text: string) => void;
  },
): EngineLauncher {
  const start = (args: string[]): EngineChild => {
    const child = utilityProcess.fork(options.childPath, args, {
      serviceName: "Spectral Studio engine",
      stdio: "pipe",
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (bytes: Buffer) => options.onOutput(bytes.toString("utf8")));
    }
    return {
      get pid() {
        return child.pid;
      },
      send: (message) => child.postMessage(message),
      onMessage: (listener) => {
        child.on("message", listener);
      },
      onExit: (listener) => {
        child.once("exit", (code) => listener(`exit code ${code}`));
      },
      kill: () => {
        // `kill` asks politely, which a process that is stuck in native code does not hear.
        if (child.pid !== undefined) killAtOnce(child.pid);
        child.kill();
      },
    };
  };
  return {
    launch: () => start(engineArguments(options)),
    launchProbe: (request) => start(probeArguments(request)),
  };
}

function killAtOnce(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has gone by itself, which is all that was wanted.
  }
}
