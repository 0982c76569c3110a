import { spawn } from "node:child_process";
import { projectRoot } from "./project";

/** A program to run from the project's root. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Variables on top of the current environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a program ended; `code` is null when it could not be started or was killed by a signal. */
export interface CommandResult {
  readonly code: number | null;
  readonly problem: string | null;
  readonly seconds: number;
}

/** Runs a program with our own output streams and waits for its end. Never rejects. */
export function runCommand(command: Command): Promise<CommandResult> {
  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1000;
  return new Promise((resolve) => {
    const child = spawn(command.program, command.args, {
      cwd: projectRoot,
      stdio: "inherit",
      env: { ...process.env, ...command.env },
    });
    child.once("error", (error) => {
      resolve({ code: null, problem: error.message, seconds: seconds() });
    });
    child.once("exit", (code, signal) => {
      const problem = signal === null ? null : `ended by ${signal}`;
      resolve({ code, problem, seconds: seconds() });
    });
  });
}

/**
 * A tool of `node_modules`, started by the Node that runs us: no shell, so paths with spaces and
 * Windows' command wrappers need no care.
 */
export function nodeTool(script: string, args: readonly string[]): Command {
  return { program: process.execPath, args: [`node_modules/${script}`, ...args] };
}
