import { Option, type Command } from "commander";
import { MAX_SIDE_PX, MAX_VARIATIONS } from "../shared/limits.js";
import type { EditOptions } from "./commands/edit.js";
import type { ExtendOptions } from "./commands/extend.js";
import type { GenerateOptions } from "./commands/generate.js";
import {
  drawnLayout,
  integerBetween,
  integersByScale,
  numberBetween,
  numbersByScale,
} from "./option-values.js";
import {
  withInput,
  withPrompt,
  withSaving,
  withShared,
  type MakeContext,
  type SharedOptions,
} from "./shared-options.js";

/** Adds the commands that draw with the model: edit, extend, generate. */
export function addDrawing(program: Command, makeContext: MakeContext): void {
  addEdit(program, makeContext);
  addExtend(program, makeContext);
  addGenerate(program, makeContext);
}

function addEdit(program: Command, makeContext: MakeContext): void {
  const command = program
    .command("edit")
    .description("redraw the masked part of a picture; every other pixel stays as it is")
    .argument("<picture>", "the picture to edit")
    .requiredOption("-o, --output <file>", "where to write the result")
    .requiredOption("--mask <picture>", "white (or opaque) where the picture may change")
    .option(
      "--freeze <n>",
      "coarse scales to keep exactly (default: 2, where the model has more)",
      integerBetween(0, 32),
    )
    .option(
      "--feather <px>",
      "how far the change fades into the mask's edge (default: a 16th of the masked area's smaller side, 2 to 64)",
      numberBetween(0, 1000),
    )
    .option("--strength <n>", "share of what is free that is drawn anew", numberBetween(0, 1))
    .option("--remove", "fill the mask from its surroundings, without a prompt");
  withDrawing(withSaving(withInput(withShared(command)))).action(
    async (picture: string, options: EditOptions & SharedOptions) => {
      const { edit } = await import("./commands/edit.js");
      await edit(picture, options, makeContext(options));
    },
  );
}

function addExtend(program: Command, makeContext: MakeContext): void {
  const command = program
    .command("extend")
    .description("make the canvas larger and draw what lies beyond the border; the picture stays")
    .argument("<picture>", "the picture to extend")
    .requiredOption("-o, --output <file>", "where to write the result");
  for (const side of ["left", "top", "right", "bottom"]) {
    command.option(`--${side} <px>`, "pixels to add there", integerBetween(0, MAX_SIDE_PX), 0);
  }
  withDrawing(withSaving(withInput(withShared(command)))).action(
    async (picture: string, options: ExtendOptions & SharedOptions) => {
      const { extend } = await import("./commands/extend.js");
      await extend(picture, options, makeContext(options));
    },
  );
}

function addGenerate(program: Command, makeContext: MakeContext): void {
  const command = program
    .command("generate")
    .description("make a picture from a prompt")
    .requiredOption("-o, --output <file>", "where to write the result")
    .addOption(new Option("--scale <n>", "enlarged so many times").choices(["1", "2", "4", "8"]));
  withDrawing(withSaving(withShared(command))).action(
    async ({ scale = "1", ...options }: GenerateArguments & SharedOptions) => {
      const { generate } = await import("./commands/generate.js");
      // Proof of the cast: the option's choices are these four.
      const factor = Number(scale) as GenerateOptions["factor"];
      await generate({ ...options, factor }, makeContext(options));
    },
  );
}

/** Commander gives choices as the text that was typed. */
type GenerateArguments = Omit<GenerateOptions, "factor"> & { readonly scale?: string };

function withDrawing(command: Command): Command {
  return withPrompt(command)
    .option("--negative <text>", "what to keep away from", "")
    .option("--guidance <n>", `how strongly the prompt counts${BY_SCALE}`, numbersByScale(0, 50))
    .option(
      "--temperature <n>",
      `0 is the likeliest, 1 as trained${BY_SCALE}`,
      numbersByScale(0, 10),
    )
    .option(
      "--top-k <n>",
      `draw among the k likeliest; 0 = all${BY_SCALE}`,
      integersByScale(0, 1e6),
    )
    .option(
      "--top-p <n>",
      `draw among the likeliest of this sum${BY_SCALE}`,
      numbersByScale(1e-6, 1),
    )
    .option(
      "--variations <n>",
      "so many at once, written as name-1, name-2, ...",
      integerBetween(1, MAX_VARIATIONS),
    )
    .option(
      "--layout-of <seed[/n]>",
      "keep the coarse scales of what this seed (of its variation n) draws; redraw the details",
      drawnLayout,
    )
    .option(
      "--layout-scales <n>",
      "how many scales that keeps (default: all but the finest)",
      integerBetween(1, 32),
    );
}

const BY_SCALE = "; also by scale, as in 1,0.9,,0.8";
