/** `npm run test:all`: every check and test there is; the last line adds them up. */
import { pythonSuite } from "./lib/python-suite";
import { runSuites } from "./lib/run-suites";
import { buildChecks, checkSuite, staticChecks } from "./lib/static-checks";
import { vitestSuite } from "./lib/vitest-suite";

const total = await runSuites([
  ...[...staticChecks, ...buildChecks].map(checkSuite),
  vitestSuite("unit"),
  // Before the contract tests: what it installs is what those that train and export a model need.
  pythonSuite,
  vitestSuite("contract", { isRepeated: true }),
  vitestSuite("e2e", { isRepeated: true }),
]);
process.exitCode = total.failed === 0 ? 0 : 1;
