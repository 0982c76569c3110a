import type { TokenLayout } from "../../core/layout.js";
import type { ModelImage } from "../../core/model-image.js";
import { repeatBlocks } from "../../core/wavelet/blocks.js";
import { drawTokens } from "../ar/draw-tokens.js";
import type { TextPrefix } from "../ar/ar-session.js";
import { TokenKind, type DecodeRequest, type Model } from "../bundle/model.js";
import { createRandom } from "../sampling/random.js";

/** A tile of the input picture; `index` counts all tiles of the job, for its own random numbers. */
export interface InputTile {
  readonly index: number;
  /** Side: the model's picture divided by the factor. */
  readonly image: ModelImage;
}

/** Predicts what an enlarged tile has beyond repeated pixels. */
export interface DetailPredictor {
  readonly factor: number;
  /**
   * Three planes at the model's size: the prediction less the tile enlarged by repetition. Within
   * each block of `factor` x `factor` they sum to 0 (up to rounding).
   */
  predict(tile: InputTile): Promise<ModelImage>;
}

/** How creative details are drawn. */
export interface CreativeSettings {
  /** 0..1: share of the drawn details against the faithful ones. */
  readonly creativity: number;
  readonly prefix: TextPrefix;
  readonly guidance: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly seed: number;
  readonly pause: () => Promise<void>;
}

/** Scales of the sequence that a tile enlarged by `factor` fills exactly; the others are missing. */
export function knownScales({ scaleCount }: TokenLayout, factor: number): number {
  return scaleCount - Math.log2(factor);
}

/** The largest factor that one pass can enlarge by: the tile is then the approximation alone. */
export function largestFactor({ levels }: TokenLayout): number {
  return 2 ** levels;
}

/**
 * Faithful: the tile's own coefficients are exact, the missing scales masked, so that one pass gives
 * their conditional mean (design: masked suffix).
 */
export function faithfulPredictor(model: Model, factor: number): DetailPredictor {
  const { layout } = model;
  const exact = knownScales(layout, factor) * layout.tokensPerScale;
  const kinds = new Uint8Array(layout.tokenCount).fill(TokenKind.exact, 0, exact);
  const codes = new Int32Array(layout.tokenCount);
  return {
    factor,
    async predict(tile) {
      const image = enlarge(tile.image, factor);
      return decodedDetails(model, { image, codes, kinds });
    },
  };
}

/** Creative: the missing scales' tokens are drawn for each tile, then mixed with the faithful ones. */
export function creativePredictor(
  model: Model,
  factor: number,
  settings: CreativeSettings,
): DetailPredictor {
  const faithful = faithfulPredictor(model, factor);
  return {
    factor,
    async predict(tile) {
      const drawn = await decodedDetails(model, await drawTile(model, factor, tile, settings));
      const plain = await faithful.predict(tile);
      return mix(plain, drawn, settings.creativity);
    },
  };
}

/** What the decoder adds to the enlarged tile that it was given. */
async function decodedDetails(model: Model, request: DecodeRequest): Promise<ModelImage> {
  const { side, data } = await model.decode(request);
  const { data: enlarged } = request.image;
  return { side, data: data.map((value, index) => value - (enlarged[index] ?? 0)) };
}

async function drawTile(
  model: Model,
  factor: number,
  { image, index }: InputTile,
  settings: CreativeSettings,
): Promise<DecodeRequest> {
  const { layout } = model;
  const known = knownScales(layout, factor) * layout.tokensPerScale;
  const enlarged = enlarge(image, factor);
  await settings.pause();
  const codes = await drawTokens(
    model,
    settings.prefix,
    {
      codes: await model.encode(enlarged),
      isDrawn: new Uint8Array(layout.tokenCount).fill(1, known),
    },
    { ...settings, random: createRandom(settings.seed, index) },
  );
  const kinds = new Uint8Array(layout.tokenCount)
    .fill(TokenKind.exact, 0, known)
    .fill(TokenKind.code, known);
  return { image: enlarged, codes, kinds };
}

function enlarge({ side, data }: ModelImage, factor: number): ModelImage {
  // The three planes lie one below the other, so they enlarge like one tall plane.
  return { side: side * factor, data: repeatBlocks(data, side, 3 * side, factor) };
}

function mix(plain: ModelImage, drawn: ModelImage, share: number): ModelImage {
  return {
    side: plain.side,
    data: plain.data.map((value, i) => value + share * ((drawn.data[i] ?? value) - value)),
  };
}
