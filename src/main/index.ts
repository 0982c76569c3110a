import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as electron from "electron";
import { toErrorData } from "../core/errors.js";
import { namedConfigFolder } from "../host/config-folder.js";
import { startApp } from "./start-app.js";

/** A file beside this one's folder, both in `out/` and in the packed app. */
const built = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const log = (line: string) => process.stderr.write(`${line}\n`);
const { app } = electron;

startApp(electron, {
  preloadPath: built("../preload/index.cjs"),
  rendererDir: built("../renderer"),
  childPath: built("../engine/child.js"),
  // A packed app keeps models beside its archive: the inference library needs real files.
  modelsDir: app.isPackaged ? join(process.resourcesPath, "models") : built("../../models"),
  licencesPath: built("../licences.txt"),
  configDir: namedConfigFolder(process.env) ?? app.getPath("userData"),
  sessionsDir: join(app.getPath("userData"), "sessions"),
  argv: process.argv,
  folder: process.cwd(),
  platform: process.platform,
  log,
}).catch((error: unknown) => {
  log(toErrorData(error).message);
  app.exit(1);
});
