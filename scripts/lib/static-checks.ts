import { nodeTool, runCommand, type Command } from "./run-command";
import type { Suite } from "./suite";

/** A check without tests of its own; it counts as one test. */
export interface StaticCheck {
  readonly name: string;
  readonly command: Command;
}

const typeCheck = (project: string) => nodeTool("typescript/bin/tsc", ["--project", project]);

/** Format, lint and types: one type check a runtime, each with its own globals. */
export const staticChecks: readonly StaticCheck[] = [
  {
    name: "format",
    command: nodeTool("prettier/bin/prettier.cjs", ["--check", "--log-level=warn", "."]),
  },
  { name: "lint", command: nodeTool("eslint/bin/eslint.js", ["--max-warnings=0", "."]) },
  { name: "types: core", command: typeCheck("src/core") },
  { name: "types: shared", command: typeCheck("src/shared") },
  { name: "types: engine, server, cli", command: typeCheck("src") },
  { name: "types: main", command: typeCheck("src/main") },
  { name: "types: preload", command: typeCheck("src/preload") },
  {
    name: "types: renderer",
    command: nodeTool("svelte-check/bin/svelte-check", [
      "--workspace=src/renderer",
      "--tsconfig=tsconfig.json",
      "--fail-on-warnings",
      "--output=human",
    ]),
  },
  { name: "types: tests and scripts", command: typeCheck("tsconfig.json") },
];

/** The bundling of every process; end-to-end tests run what it writes. */
export const buildChecks: readonly StaticCheck[] = [
  {
    name: "build: Electron",
    command: nodeTool("electron-vite/bin/electron-vite.js", [
      "build",
      "--config=electron.config.ts",
      "--logLevel=warn",
    ]),
  },
  {
    name: "build: command line, server, engine",
    command: nodeTool("vite/bin/vite.js", [
      "build",
      "--config=vite.node.config.ts",
      "--logLevel=warn",
    ]),
  },
];

/** A check as a suite of one test. */
export function checkSuite(check: StaticCheck): Suite {
  return {
    name: check.name,
    async run() {
      const { code, problem, seconds } = await runCommand(check.command);
      const isPassed = code === 0;
      return {
        tally: { passed: isPassed ? 1 : 0, failed: isPassed ? 0 : 1, skipped: 0 },
        seconds,
        remark: problem,
      };
    },
  };
}
