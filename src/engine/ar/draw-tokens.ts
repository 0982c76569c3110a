import { drawToken } from "../sampling/draw.js";
import type { Random } from "../sampling/random.js";
import type { ScaleSettings } from "../sampling/scale-settings.js";
import type { Model } from "../bundle/model.js";
import type { TextPrefix } from "./text-prefix.js";
import { planSteps } from "./decoding-order.js";

/**
 * Known positions fed at once at most: a running graph cannot be cancelled, and a token of a longer
 * run takes as long. The same for every batch, because rounding depends on how a sequence was cut. A
 * block of parallel order is never cut.
 */
const MAX_CHUNK = 16;

/** Which tokens are drawn, and what the others are. */
export interface TokenPlan {
  /** One code a token; those to be drawn may hold anything. */
  readonly codes: Int32Array;
  /** One value a token: 1 if it is to be drawn, 0 if its code is forced. */
  readonly isDrawn: Uint8Array;
}

/** What several variations of one thing draw: the same tokens, each with numbers of its own. */
export interface VariationPlan {
  readonly isDrawn: Uint8Array;
  /** One a variation. */
  readonly randoms: readonly Random[];
  /** Known codes: one array for all variations, or one for each. */
  readonly codes: Int32Array | readonly Int32Array[];
}

/** What happens while tokens are drawn. */
export interface DrawHooks {
  /** Lets the event loop turn and throws if the job was cancelled; called between steps. */
  readonly pause: () => Promise<void>;
  /** Called after each drawn token, with all codes so far of each variation. */
  readonly onToken?: (token: number, codes: readonly Int32Array[]) => void | Promise<void>;
  /** Called when the last drawn token of a scale is there. */
  readonly onScale?: (scale: number, codes: readonly Int32Array[]) => void | Promise<void>;
}

/** One sequence with the same settings at every scale. */
export interface DrawOptions extends ScaleSettings {
  readonly random: Random;
  readonly pause: () => Promise<void>;
}

/**
 * {@link drawVariations} for a single one.
 * @returns all codes, forced ones unchanged
 */
export async function drawTokens(
  model: Model,
  prefix: TextPrefix,
  { codes, isDrawn }: TokenPlan,
  options: DrawOptions,
): Promise<Int32Array> {
  const settings = model.layout.scales.map(() => options);
  const plan = { codes, isDrawn, randoms: [options.random] };
  const [drawn] = await drawVariations(model, prefix, plan, settings, options);
  return drawn ?? codes;
}

/**
 * Draws the missing tokens block after block (in raster order one after another), coarse to fine, for
 * all variations in one batch. Runs of forced tokens are fed together with the next drawn one, so the cost follows the tokens that are
 * really drawn; what all variations have in common is computed once.
 *
 * On the CPU a sequence's logits are the same bits whatever else is in the batch (a test holds the
 * runtime to it), so a variation drawn alone is the one drawn among others.
 * @param settings one a scale
 * @returns the codes of each variation, forced ones unchanged
 */
export async function drawVariations(
  model: Model,
  prefix: TextPrefix,
  plan: VariationPlan,
  settings: readonly ScaleSettings[],
  hooks: DrawHooks,
): Promise<Int32Array[]> {
  const { randoms, isDrawn } = plan;
  const known = plan.codes;
  const codes = randoms.map((_, variation) =>
    (isShared(known) ? known : codesAt(known, variation)).slice(),
  );
  const steps = planSteps(model.layout, model.manifest.ar.order, isDrawn, MAX_CHUNK);
  let sequences = prefix.open(isDrawn);
  const widen = () => {
    const wider = sequences.repeat(codes.length);
    if (wider !== sequences) sequences.release();
    sequences = wider;
  };
  try {
    // As long as nothing is drawn, variations of shared codes are one sequence.
    if (!isShared(plan.codes)) widen();
    for (const { scale, before, fed, block, drawn, endsScale } of steps) {
      await hooks.pause();
      for (const run of before) {
        await sequences.logitsOf(run, codes, 0, hooks.pause);
        await hooks.pause();
      }
      const logits = await sequences.logitsOf(fed, codes, block.length, hooks.pause);
      const scaleSettings = settings[scale];
      if (!scaleSettings) throw new RangeError("settings for each scale are needed");
      for (const token of drawn) {
        const rows = logits[block.indexOf(token)] ?? [];
        for (const [variation, random] of randoms.entries()) {
          const first = sequences.variations === 1 ? 0 : variation * prefix.batch;
          const [own, other] = rows.slice(first, first + prefix.batch);
          if (own === undefined) throw new RangeError("logits of each sequence are needed");
          const { guidance } = scaleSettings;
          const guided = { logits: own, guidance, ...(other && { other }) };
          codesAt(codes, variation)[token] = drawToken(guided, scaleSettings, random);
        }
      }
      widen();
      for (const token of drawn) await hooks.onToken?.(token, codes);
      if (endsScale) await hooks.onScale?.(scale, codes);
    }
  } finally {
    sequences.release();
  }
  return codes;
}

/** Indices of the tokens to draw, ascending. */
export function drawnTokens(isDrawn: Uint8Array): number[] {
  return Array.from(isDrawn.keys()).filter((token) => isDrawn[token] === 1);
}

function isShared(codes: VariationPlan["codes"]): codes is Int32Array {
  return codes instanceof Int32Array;
}

function codesAt(codes: readonly Int32Array[], variation: number): Int32Array {
  const own = codes[variation];
  if (own) return own;
  throw new RangeError("codes of each variation are needed");
}
