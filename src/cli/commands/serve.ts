import { homedir } from "node:os";
import { resolve } from "node:path";
import { DEVICE_VARIABLE } from "../../shared/models.js";
import { configFolder } from "../../host/config-folder.js";
import { startServer } from "../../server/index.js";
import type { CommandContext } from "../command-context.js";
import { servedPaths } from "../paths.js";

export interface ServeOptions {
  readonly port: number;
}

/** `spectral serve [file]`: the app in a browser tab, until Ctrl-C. */
export async function serve(
  file: string | undefined,
  { port }: ServeOptions,
  { signal, modelsDir, device, version, report }: CommandContext,
): Promise<void> {
  // The engine's process inherits it.
  if (device !== undefined) process.env[DEVICE_VARIABLE] = device;
  const server = await startServer({
    port,
    ...servedPaths(),
    modelsDir,
    configDir: configFolder({ env: process.env, platform: process.platform, home: homedir() }),
    picturePath: file === undefined ? null : resolve(file),
    version,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  const { address } = server;
  report({ command: "serve", address, port: server.port }, [
    `Spectral Studio is at ${address}`,
    "Press Ctrl-C to stop it.",
  ]);
  await new Promise<void>((end) => {
    if (signal.aborted) end();
    else signal.addEventListener("abort", () => end(), { once: true });
  });
  await server.close();
}
