#!/usr/bin/env node
// npm links a command before `prepare` has built it, so the link points here and not into out/.
import { existsSync } from "node:fs";

const built = new URL("../out/cli/spectral.js", import.meta.url);
if (existsSync(built)) {
  await import(built.href);
} else {
  process.stderr.write(
    "Expected the built command line at out/cli/spectral.js but it is missing; run `npm run build` first.\n",
  );
  process.exitCode = 1;
}
