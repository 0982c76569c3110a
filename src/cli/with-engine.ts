import { existsSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { createEngine, type Engine } from "../engine/index.js";
import { configFolder } from "../host/config-folder.js";
import { createForkLauncher } from "../host/fork-launcher.js";
import { createProcessProber } from "../host/run-probe-process.js";
import { createScratchFolder } from "../host/session-folder.js";
import { userFolders } from "../host/user-folders.js";
import type { EngineFolders } from "../shared/engine-messages.js";
import { eventSchemas } from "../shared/events.js";
import type { CommandContext } from "./command-context.js";
import { servedPaths } from "./paths.js";

/** Runs something with an engine in this process; engine and session folder are gone afterwards. */
export async function withEngine<T>(
  { modelsDir, device }: Pick<CommandContext, "modelsDir" | "device">,
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const session = createScratchFolder(tmpdir());
  // Also for a second Ctrl-C, which ends the program on the spot.
  const remove = () => session.remove();
  process.once("exit", remove);
  const folders = { modelsDir, sessionDir: session.path, ...personFolders() };
  const engine = await createEngine({
    ...folders,
    ...(device === undefined ? {} : { device }),
    ...proberOf(folders),
  });
  engine.subscribe("device-changed", (payload) => {
    const { reason } = eventSchemas["device-changed"].parse(payload);
    // Beside the result, which a script reads.
    if (reason !== undefined) process.stderr.write(`spectral: ${reason}\n`);
  });
  try {
    return await use(engine);
  } finally {
    await engine.dispose();
    process.removeListener("exit", remove);
    remove();
  }
}

/** Shared with the app: what is imported here is there, and the other way round. */
function personFolders(): ReturnType<typeof userFolders> {
  const { env, platform } = process;
  return userFolders(configFolder({ env, platform, home: homedir() }), env);
}

/** Devices are tried in a process of their own, which exists once the program is built. */
function proberOf(folders: EngineFolders) {
  const { childPath } = servedPaths();
  if (!existsSync(childPath)) return {};
  return { prober: createProcessProber(createForkLauncher({ ...folders, childPath })) };
}
