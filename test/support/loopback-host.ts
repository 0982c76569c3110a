import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ServerOptions } from "../../src/server/start-server";

const root = join(import.meta.dirname, "../..");

/** A loopback host in a process of its own. */
export interface HostProcess {
  readonly process: ChildProcess;
  readonly address: URL;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a host that can be killed without killing the test; the caller ends it. */
export async function startHostProcess(
  options: Omit<ServerOptions, "log" | "port" | "version" | "picturePath">,
): Promise<HostProcess> {
  const all = { port: 0, version: "test", picturePath: null, ...options };
  const script = join(root, "test/fixtures/loopback-host.ts");
  const host = spawn(process.execPath, ["--import", "tsx", script, JSON.stringify(all)], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface(host.stdout), "line");
  return {
    process: host,
    address: new URL(String(line)),
    end: async (signal) => {
      host.kill(signal);
      if (host.exitCode === null && host.signalCode === null) await once(host, "exit");
    },
  };
}
