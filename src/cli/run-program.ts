import { CommanderError, type Command } from "commander";
import { toErrorData, type AppErrorData } from "../core/errors.js";
import { EXIT, exitCodeOf, type ExitCode } from "./exit-codes.js";
import { modelsDirOf } from "./paths.js";
import { createProgram } from "./program.js";
import { createJsonReporter, createTextReporter, type Output } from "./reporter.js";

/**
 * Runs the command line and reports whatever happens. Never rejects.
 * @param args what follows the program's name
 * @param signal aborted by Ctrl-C
 */
export async function runProgram(
  args: readonly string[],
  version: string,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  // Read before parsing: also a line that does not parse is to be answered in JSON.
  const isJson = args.includes("--json");
  const reporter = isJson ? createJsonReporter(output) : createTextReporter(output);
  const program = createProgram(version, ({ models, device }) => ({
    signal,
    version,
    modelsDir: modelsDirOf(models),
    ...(device === undefined ? {} : { device }),
    onProgress: (progress) => reporter.progress(progress),
    report: (data, lines) => reporter.result(data, lines),
  }));
  for (const command of withSubcommands(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => output.stdout.write(text),
      writeErr: (text) => (isJson ? undefined : output.stderr.write(text)),
    });
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return EXIT.ok;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return endOfParsing(thrown, isJson, reporter.error);
    const error = toErrorData(thrown);
    const exitCode = exitCodeOf(error.code);
    reporter.error(error, exitCode);
    return exitCode;
  }
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** Commander ends by throwing, also after `--help`; it has already told people about an error. */
function endOfParsing(
  error: CommanderError,
  isJson: boolean,
  report: (error: AppErrorData, exitCode: ExitCode) => void,
): ExitCode {
  // `spectral` alone shows the help, which is no success for a script.
  if (error.exitCode === 0) return EXIT.ok;
  const message = error.message.replace(/^error: /, "");
  if (isJson) report({ code: "REQUEST_INVALID", message, details: {} }, EXIT.usage);
  return EXIT.usage;
}
