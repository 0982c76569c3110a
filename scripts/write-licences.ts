/** Writes the licences of everything that ships into `out/licences.txt`; part of the build. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { licencesText } from "./lib/licences/licences-text";
import { shippedPackages } from "./lib/licences/shipped-packages";
import { projectRoot } from "./lib/project";

mkdirSync(join(projectRoot, "out"), { recursive: true });
writeFileSync(
  join(projectRoot, "out/licences.txt"),
  licencesText(projectRoot, shippedPackages(projectRoot)),
);
