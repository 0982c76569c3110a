import { Command, Option } from "commander";
import { EXPORT_FORMATS } from "../shared/documents.js";
import { UPSCALE_SPEEDS } from "../shared/models.js";
import type { DevicesOptions } from "./commands/devices.js";
import type { ReplayOptions } from "./commands/replay.js";
import type { ServeOptions } from "./commands/serve.js";
import type { UpscaleBatchOptions } from "./commands/upscale-batch.js";
import { addDrawing } from "./drawing-program.js";
import type { InputOptions } from "./open-input.js";
import { integerBetween, numberBetween, sizeInPixels } from "./option-values.js";
import {
  withInput,
  withPrompt,
  withSaving,
  withShared,
  type MakeContext,
  type SharedOptions,
} from "./shared-options.js";

/** The command line. Commands load the engine only when they run, so that `--help` is quick. */
export function createProgram(version: string, makeContext: MakeContext): Command {
  const program = new Command("spectral")
    .description("Edits, enlarges and makes pictures with a model that thinks in wavelet scales.")
    .version(version)
    .showHelpAfterError("Run with --help for the options.");
  addDrawing(program, makeContext);
  addUpscale(program, makeContext);
  addInfo(program, makeContext);
  addVerify(program, makeContext);
  addReplay(program, makeContext);
  addModels(program, makeContext);
  addDevices(program, makeContext);
  addServe(program, makeContext);
  return program;
}

function addUpscale(program: Command, makeContext: MakeContext): void {
  const command = program
    .command("upscale")
    .description("enlarge pictures; every block of a result averages to the source pixel")
    .argument("<pictures...>", "a picture; with --out also several, folders, or patterns in quotes")
    .option("-o, --output <file>", "where to write the result of one picture")
    .option("--out <folder>", "where to write the results of many; what is there is skipped")
    .addOption(new Option("--scale <n>", "how many times larger").choices(["2", "4", "8"]))
    .option(
      "--size <WxH>",
      "any size instead, such as 3000x2000; exact where it is a whole number of times as large",
      sizeInPixels,
    )
    .addOption(
      new Option(
        "--speed <kind>",
        "a larger or a smaller network; finest: a mean of eight views, many times slower",
      )
        .choices(UPSCALE_SPEEDS)
        .default("best"),
    )
    .addOption(
      new Option("--format <name>", "of the results in --out; png and tiff keep every pixel")
        .choices(EXPORT_FORMATS)
        .default("png"),
    )
    .option("--recursive", "with --out: also take what lies in folders of a folder")
    .option("--overwrite", "with --out: make results anew that are there already")
    .option("--creativity <n>", "0 invents nothing, 1 draws every detail", numberBetween(0, 1), 0)
    .option("--guidance <n>", "how strongly the prompt counts", numberBetween(0, 50));
  withPrompt(withSaving(withInput(withShared(command)))).action(
    async (pictures: string[], { scale, ...options }: UpscaleArguments & SharedOptions) => {
      // Proof of the cast: the option's choices are these three.
      const factor = scale === undefined ? {} : { scale: Number(scale) as 2 | 4 | 8 };
      const { output, out } = options;
      const context = makeContext(options);
      const [only] = pictures;
      if (output !== undefined && out === undefined && only !== undefined && !pictures[1]) {
        const { upscale } = await import("./commands/upscale.js");
        return upscale(only, { ...options, ...factor, output }, context);
      }
      if (out === undefined || output !== undefined) {
        return command.error(
          "error: expected -o for one picture, or --out for a folder of results",
        );
      }
      const { upscaleBatch } = await import("./commands/upscale-batch.js");
      return upscaleBatch(pictures, { ...options, ...factor, out }, context);
    },
  );
}

/** Commander gives choices as the text that was typed. */
type UpscaleArguments = Omit<UpscaleBatchOptions, "scale" | "out"> & {
  readonly scale?: string;
  readonly output?: string;
  readonly out?: string;
};

function addInfo(program: Command, makeContext: MakeContext): void {
  const command = program
    .command("info")
    .description("tell what a picture is, or which models there are")
    .argument("[picture]");
  withInput(withShared(command)).action(
    async (picture: string | undefined, options: InputOptions & SharedOptions) => {
      const { info } = await import("./commands/info.js");
      await info(picture, options, makeContext(options));
    },
  );
}

function addVerify(program: Command, makeContext: MakeContext): void {
  const command = program
    .command("verify")
    .description("check that an enlarged picture still contains the original")
    .argument("<big>", "the enlarged picture")
    .argument("<small>", "the original");
  withInput(withShared(command)).action(
    async (big: string, small: string, options: InputOptions & SharedOptions) => {
      const { verify } = await import("./commands/verify.js");
      await verify(big, small, options, makeContext(options));
    },
  );
}

function addReplay(program: Command, makeContext: MakeContext): void {
  const command = program
    .command("replay")
    .description("make a picture again from what it says about itself: the same pixels")
    .argument("<picture>", "a picture that was written with its recipe")
    .requiredOption("-o, --output <file>", "where to write the result")
    .option("--source <picture>", "the picture that it was made from")
    .option("--anyway", "go on with another model or source, and write pixels that differ");
  withSaving(withInput(withShared(command))).action(
    async (picture: string, options: ReplayOptions & SharedOptions) => {
      const { replay } = await import("./commands/replay.js");
      await replay(picture, options, makeContext(options));
    },
  );
}

function addModels(program: Command, makeContext: MakeContext): void {
  const models = withShared(
    program.command("models").description("list, import and remove models"),
  ).action(async (options: SharedOptions) => {
    const { listModels } = await import("./commands/models.js");
    await listModels(makeContext(options));
  });
  const context = (command: Command) => makeContext(command.optsWithGlobals<SharedOptions>());
  withShared(models.command("import").description("install a model from a zip file or a folder"))
    .argument("<path>")
    .action(async (path: string, _options: SharedOptions, command: Command) => {
      const { importModel } = await import("./commands/models.js");
      await importModel(path, context(command));
    });
  withShared(models.command("remove").description("delete a model that was imported"))
    .argument("<id>")
    .action(async (id: string, _options: SharedOptions, command: Command) => {
      const { removeModel } = await import("./commands/models.js");
      await removeModel(id, context(command));
    });
}

function addDevices(program: Command, makeContext: MakeContext): void {
  const command = program
    .command("devices")
    .description("what models can compute on here")
    .option("--choose <name>", "try a device, or all with auto, and take it from now on");
  withShared(command).action(async (options: DevicesOptions & SharedOptions) => {
    const { devices } = await import("./commands/devices.js");
    await devices(options, makeContext(options));
  });
}

function addServe(program: Command, makeContext: MakeContext): void {
  const command = program
    .command("serve")
    .description("open the app in a browser tab of this machine")
    .argument("[picture]", "a picture to open at the start")
    .option("--port <n>", "0 takes any free port", integerBetween(0, 65_535), 0);
  withShared(command).action(
    async (picture: string | undefined, options: ServeOptions & SharedOptions) => {
      const { serve } = await import("./commands/serve.js");
      await serve(picture, options, makeContext(options));
    },
  );
}
