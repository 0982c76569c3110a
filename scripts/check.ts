/** `npm run check`: what must hold before each commit. Format, lint, types, unit tests. */
import { runSuites } from "./lib/run-suites";
import { checkSuite, staticChecks } from "./lib/static-checks";
import { vitestSuite } from "./lib/vitest-suite";

const total = await runSuites([...staticChecks.map(checkSuite), vitestSuite("unit")]);
process.exitCode = total.failed === 0 ? 0 : 1;
