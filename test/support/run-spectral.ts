import { runProgram } from "../../src/cli/run-program";

/** One run of the command line in this process, with JSON output. */
export interface SpectralRun {
  readonly exitCode: number;
  /** The last line: a result, or an error. */
  readonly last: Record<string, unknown>;
}

/** Runs `spectral ARGS --json`. */
export async function runSpectral(...args: string[]): Promise<SpectralRun> {
  let stdout = "";
  const output = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: () => true },
  };
  const signal = new AbortController().signal;
  const exitCode = await runProgram([...args, "--json"], "1.2.3", output, signal);
  // Proof of the cast: with `--json` the program prints objects only.
  const last = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as Record<string, unknown>;
  return { exitCode, last };
}
