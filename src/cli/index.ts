import { version } from "../../package.json";
import { EXIT } from "./exit-codes.js";
import { runProgram } from "./run-program.js";

const controller = new AbortController();

/** The first Ctrl-C asks the job to stop between two steps; a second one does not ask. */
function onInterrupt(): void {
  if (controller.signal.aborted) process.exit(EXIT.cancelled);
  controller.abort();
}
process.on("SIGINT", onInterrupt);
process.on("SIGTERM", onInterrupt);
// A reader that has seen enough, such as `head`, closes the pipe: nothing is left to say then.
process.stdout.on("error", () => process.exit(EXIT.ok));

process.exitCode = await runProgram(process.argv.slice(2), version, process, controller.signal);
