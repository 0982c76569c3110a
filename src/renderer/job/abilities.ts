import { draws, type InstalledModel } from "../../shared/models.js";
import { FACTORS, type Factor, type JobSettings } from "./settings.svelte.js";

type Wishes = Pick<JobSettings, "creativity" | "factor">;

/** The share of drawn details that a model can give: one that only enlarges gives none. */
export function creativityWith(
  { creativity }: Pick<Wishes, "creativity">,
  model: InstalledModel | null,
): number {
  return model === null || draws(model) ? creativity : 0;
}

/**
 * What a model enlarges by with these settings, ascending. Drawn details are tokens of its missing
 * scales, faithful ones come from its networks: each kind has factors of its own.
 */
export function factorsWith(
  settings: Pick<Wishes, "creativity">,
  model: InstalledModel | null,
): readonly Factor[] {
  if (model === null) return FACTORS;
  if (draws(model) && creativityWith(settings, model) > 0) {
    const largest = 2 ** model.layout.levels;
    return FACTORS.filter((factor) => factor <= largest);
  }
  const { factors } = model;
  return factors === undefined ? FACTORS : FACTORS.filter((factor) => factors.includes(factor));
}

/** The chosen factor or, where the model lacks it, the next smaller one that it has, else its least. */
export function factorWith(settings: Wishes, model: InstalledModel | null): Factor {
  const factors = factorsWith(settings, model);
  const next = factors.findLast((factor) => factor <= settings.factor);
  return next ?? factors[0] ?? settings.factor;
}
