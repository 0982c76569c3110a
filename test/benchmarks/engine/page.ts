import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { format, resolveConfig } from "prettier";

/** One line of the benchmark. */
export interface EngineFigure {
  readonly name: string;
  readonly value: string;
}

/** Writes the benchmark's lines as a Markdown table, with what they were measured on. */
export async function writeEnginePage(
  path: string,
  figures: readonly EngineFigure[],
): Promise<void> {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const cpu = cpus()[0]?.model.trim() ?? "an unknown CPU";
  const rows = figures.map(({ name, value }) => `| ${name} | ${value} |`).join("\n");
  const text = `# Drawing, measured

Made by \`npm run bench:engine -- models/studio-128 --python PYTHON --page ${path}\` at commit ${commit}, on ${cpu}.
Ratios of one run carry over to other machines, times do not; another run differs by some percent, and a machine that does something else at the same time by much more. Figures are of the best picture where nothing else is said, PyTorch's as well. Bound and speed are measured by turns, and compared within each round.

| what | figure |
| --- | --- |
${rows}

The bound is the number of steps a second at which every weight that a step reads would be read once from memory, at the bandwidth that copying reaches with as many threads. These are the transformer's matrices with their scales, biases and norms, the maps of a token's neighbours, and the codebook in which the next token is looked for. What a step takes beyond it is the arithmetic itself, which vectors of 128 bits do not do as fast as memory could bring the weights, attention, and the draw.
`;
  await writeFile(path, await format(text, { ...(await resolveConfig(path)), parser: "markdown" }));
}
