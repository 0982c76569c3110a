import { AppError } from "../../core/errors.js";
import { frozenTokenCount, type TokenLayout } from "../../core/layout.js";
import { maskedCells } from "../../core/mask/cells.js";
import type { Mask } from "../../core/mask/mask.js";
import type { EditRegion } from "../../core/plan/region.js";
import { rectsEqual, type Rect } from "../../core/rect.js";
import { TokenKind } from "../bundle/model.js";
import { limitToStrength } from "../sampling/strength.js";

/** Tokens of a finished variation that another drawing starts from. */
export interface StartCodes {
  readonly scales: number;
  /** `scales * tokensPerScale` codes for each picture that the job draws, in their order. */
  readonly codes: readonly number[];
  /** Where each of these pictures lies, in pixels of the document. */
  readonly areas?: readonly Rect[] | undefined;
}

/** Which of a region's tokens are drawn, and what the others are. */
export interface RegionTokens {
  /** One value a token: 1 if it is drawn. */
  readonly isDrawn: Uint8Array;
  /** How the decoder takes the others. */
  readonly kinds: Uint8Array;
  /** One value a cell: 1 if one of its tokens is not the picture's own. */
  readonly touchedCells: Uint8Array;
}

/** What decides the tokens of a region. */
export interface RegionTokensQuery {
  readonly layout: TokenLayout;
  /** Scales that keep the picture's exact coefficients. */
  readonly exactScales: number;
  readonly mask: Mask;
  readonly region: Pick<EditRegion, "rect">;
  readonly strength: number;
  readonly seed: number;
  /** Scales given as codes instead of being drawn; 0 for none. */
  readonly startScales: number;
}

/**
 * Tokens of scales that are neither exact nor given, at cells that hold a masked pixel, are drawn, or
 * the share of them that the strength asks for; given ones are codes; everything else is exact.
 */
export function planRegionTokens(query: RegionTokensQuery): RegionTokens {
  const { layout, exactScales, startScales, strength, seed } = query;
  const { tokenCount, tokensPerScale, grid } = layout;
  const cells = maskedCells(query.mask, query.region.rect, grid);
  const exact = frozenTokenCount(layout, exactScales);
  const given = frozenTokenCount(layout, Math.max(startScales, exactScales));
  const isMasked = (token: number) => cells[token % tokensPerScale] === 1;
  const free = Uint8Array.from({ length: tokenCount }, (_, token) =>
    token >= given && isMasked(token) ? 1 : 0,
  );
  const isDrawn = limitToStrength(free, strength, seed);
  const kinds = Uint8Array.from({ length: tokenCount }, (_, token) =>
    token >= exact && token < given && isMasked(token) ? TokenKind.code : TokenKind.exact,
  );
  const touchedCells = new Uint8Array(tokensPerScale);
  for (let token = 0; token < tokenCount; token++) {
    if (isDrawn[token] === 0 && kinds[token] === TokenKind.exact) continue;
    touchedCells[token % tokensPerScale] = 1;
  }
  return { isDrawn, kinds, touchedCells };
}

/**
 * Puts given codes in place of a picture's own where the plan takes codes.
 * @param index number of the picture among those that the job draws
 */
export function withStartCodes(
  codes: Int32Array,
  { kinds }: Pick<RegionTokens, "kinds">,
  layout: TokenLayout,
  start: StartCodes | undefined,
  index = 0,
): Int32Array {
  if (!start) return codes;
  const { tokensPerScale } = layout;
  const first = index * start.scales * tokensPerScale;
  return codes.map((code, token) =>
    kinds[token] === TokenKind.code ? (start.codes[first + token] ?? code) : code,
  );
}

/** @throws AppError REQUEST_INVALID if the codes are not those of these areas and this model */
export function requireStartCodes(
  start: StartCodes | undefined,
  { scaleCount, tokensPerScale }: TokenLayout,
  codebooks: { readonly approximation: number; readonly detail: number },
  areas: readonly Rect[],
): void {
  if (!start) return;
  const expected = start.scales * tokensPerScale * areas.length;
  const perPicture = start.scales * tokensPerScale;
  const isKnown = (code: number, index: number) =>
    code < (index % perPicture < tokensPerScale ? codebooks.approximation : codebooks.detail);
  const isThere = (area: Rect, index: number) => {
    const given = start.areas?.[index];
    return given === undefined || rectsEqual(given, area);
  };
  const isOfModel = start.scales < scaleCount && start.codes.every(isKnown);
  if (isOfModel && start.codes.length === expected && areas.every(isThere)) return;
  throw new AppError(
    "REQUEST_INVALID",
    `Expected the ${expected} codes of ${start.scales} scales, fewer than the model's ${scaleCount}, to start from but got ${start.codes.length}, or codes of another model or area; start from a result of the same model and area.`,
    { scales: start.scales, codes: start.codes.length },
  );
}
