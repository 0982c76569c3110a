import { tmpdir } from "node:os";
import { createEngine, type Engine } from "../engine/index.js";
import { createScratchFolder } from "../host/session-folder.js";

/** Runs something with an engine in this process; engine and session folder are gone afterwards. */
export async function withEngine<T>(
  modelsDir: string,
  use: (engine: Engine) => Promise<T>,
): Promise<T> {
  const session = createScratchFolder(tmpdir());
  // Also for a second Ctrl-C, which ends the program on the spot.
  const remove = () => session.remove();
  process.once("exit", remove);
  const engine = await createEngine({ modelsDir, sessionDir: session.path });
  try {
    return await use(engine);
  } finally {
    await engine.dispose();
    process.removeListener("exit", remove);
    remove();
  }
}
