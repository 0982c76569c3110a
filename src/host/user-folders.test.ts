import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { userFolders } from "./user-folders";

test("imported models lie with the person's other files, or where the variable says", () => {
  const config = resolve("config");
  expect(userFolders(config, {})).toEqual({
    importedModelsDir: join(config, "models"),
    stateDir: config,
  });
  expect(userFolders(config, { SPECTRAL_IMPORTED_MODELS: "elsewhere" })).toEqual({
    importedModelsDir: resolve("elsewhere"),
    stateDir: config,
  });
});

test("a host that keeps nothing has neither", () => {
  expect(userFolders(null, {})).toEqual({});
});
