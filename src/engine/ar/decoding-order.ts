import type { TokenLayout } from "../../core/layout.js";
import type { DrawingManifest } from "../../shared/bundle-manifest.js";

/** How a model's tokens are drawn; see `ar.order` of the manifest. */
export type DecodingOrder = DrawingManifest["ar"]["order"];

/** Sub-grids of a scale in the order of drawing: the second one fills the middles of the first. */
const SUB_GRID_AT = [
  [0, 2],
  [3, 1],
] as const;

/**
 * Blocks of tokens that are drawn at once, in their order: every token alone in raster order; in
 * parallel order the four interleaved sub-grids of each scale.
 */
export function decodingBlocks(
  { tokenCount, tokensPerScale, grid, scaleCount }: TokenLayout,
  order: DecodingOrder,
): number[][] {
  if (order === "raster") return Array.from({ length: tokenCount }, (_, token) => [token]);
  const blocks = Array.from({ length: 4 * scaleCount }, (): number[] => []);
  for (let token = 0; token < tokenCount; token++) {
    const cell = token % tokensPerScale;
    const row = Math.floor(cell / grid) % 2 === 0 ? SUB_GRID_AT[0] : SUB_GRID_AT[1];
    const subGrid = (cell % grid) % 2 === 0 ? row[0] : row[1];
    blocks[4 * Math.floor(token / tokensPerScale) + subGrid]?.push(token);
  }
  // A grid of one cell has empty sub-grids.
  return blocks.filter((block) => block.length > 0);
}

/** One run that draws the tokens of a block. */
export interface DrawStep {
  readonly scale: number;
  /** Runs of known tokens that are fed before, only for their keys and values. */
  readonly before: readonly (readonly number[])[];
  /** Tokens of the run: the last known ones, then the whole block. */
  readonly fed: readonly number[];
  readonly block: readonly number[];
  /** Those of the block that are drawn; its others are known. */
  readonly drawn: readonly number[];
  /** True for the scale's last step. */
  readonly endsScale: boolean;
}

/**
 * Steps that draw the tokens marked in `isDrawn`; blocks of known tokens are fed together with the
 * next drawn one.
 * @param longestRun known tokens fed at once at most; a block is never cut
 */
export function planSteps(
  layout: TokenLayout,
  order: DecodingOrder,
  isDrawn: Uint8Array,
  longestRun: number,
): DrawStep[] {
  const steps: Omit<DrawStep, "endsScale">[] = [];
  let known: number[][] = [];
  for (const block of decodingBlocks(layout, order)) {
    const drawn = block.filter((token) => isDrawn[token] === 1);
    if (drawn.length === 0) {
      known.push(block);
      continue;
    }
    const runs = joinUpTo(known, longestRun);
    const rest = (runs.at(-1)?.length ?? longestRun) < longestRun ? runs.pop() : undefined;
    const scale = Math.floor((block[0] ?? 0) / layout.tokensPerScale);
    steps.push({ scale, before: runs, fed: [...(rest ?? []), ...block], block, drawn });
    known = [];
  }
  return steps.map((step, index) => ({
    ...step,
    endsScale: steps[index + 1]?.scale !== step.scale,
  }));
}

/** Joins blocks to runs of at most so many tokens. */
function joinUpTo(blocks: readonly number[][], longest: number): number[][] {
  const runs: number[][] = [];
  for (const block of blocks) {
    const run = runs.at(-1);
    if (run && run.length + block.length <= longest) run.push(...block);
    else runs.push([...block]);
  }
  return runs;
}
