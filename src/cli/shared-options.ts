import type { Command } from "commander";
import { MAX_PROMPT_CHARS } from "../shared/limits.js";
import type { CommandContext } from "./command-context.js";
import { integerBetween } from "./option-values.js";

/** Gives a command what it needs, from the options that all of them share. */
export type MakeContext = (shared: SharedOptions) => CommandContext;

/** Options of every command, as they are parsed. */
export interface SharedOptions {
  readonly models?: string;
  readonly device?: string;
  readonly json?: boolean;
}

/** Options of every command. */
export function withShared(command: Command): Command {
  return command
    .option("--models <folder>", "folder of models (default: the variable SPECTRAL_MODELS)")
    .option("--device <name>", "device for this run, as `spectral devices` names it")
    .option("--json", "print one JSON object a line: progress, result, error");
}

/** Options of commands that open a picture. */
export function withInput(command: Command): Command {
  return command.option("--first-frame", "take the first picture of an animation");
}

/** Options of commands that write a picture. */
export function withSaving(command: Command): Command {
  return command
    .option("--quality <n>", "of JPEG, WebP and AVIF", integerBetween(1, 100), 92)
    .option("--no-recipe", "keep prompt, seed and model out of the file");
}

/** Options of commands that a prompt steers. */
export function withPrompt(command: Command): Command {
  return command
    .option("--prompt <text>", `what to draw, at most ${MAX_PROMPT_CHARS} characters`, "")
    .option("--seed <n>", "same seed, same picture", integerBetween(0, 0xffff_ffff), 0)
    .option("--model <id>", "which model to use (default: the first)");
}
