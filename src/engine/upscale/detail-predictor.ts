import type { ModelImage } from "../../core/model-image.js";
import { blockMeans, repeatBlocks } from "../../core/wavelet/blocks.js";
import { drawTokens } from "../ar/draw-tokens.js";
import type { TextPrefix } from "../ar/text-prefix.js";
import { TokenKind, type DecodeRequest, type Model } from "../bundle/model.js";
import { createRandom } from "../sampling/random.js";
import { enlargeSmoothly } from "../edit/smooth-enlarge.js";
import { DrawnCells } from "./drawn-cells.js";
import { knownScales } from "./known-scales.js";

/** A tile of the input picture; `index` counts all tiles of the job, for its own random numbers. */
export interface InputTile {
  readonly index: number;
  /** Input pixels at which it starts. */
  readonly x: number;
  readonly y: number;
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
  readonly prefix: TextPrefix;
  readonly guidance: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly seed: number;
  readonly pause: () => Promise<void>;
}

/**
 * Faithful: the tile's own coefficients are exact, the missing scales masked, so that one pass gives
 * their conditional mean (design: masked suffix).
 */
export function faithfulPredictor(model: Model, factor: number): DetailPredictor {
  const { layout } = model;
  const exact = knownScales(layout, factor) * layout.tokensPerScale;
  const kinds = new Uint8Array(layout.tokenCount).fill(TokenKind.exact, 0, exact);
  const blank = new Int32Array(layout.tokenCount);
  const { exactContext } = model.manifest.trainedFor;
  return {
    factor,
    async predict(tile) {
      const image = enlarge(tile.image, factor);
      // A decoder without exact context reads the codes of what comes back exactly.
      const codes = exactContext ? blank : await model.encode(image);
      return decodedDetails(model, { image, codes, kinds });
    },
  };
}

/**
 * Interpolated pixels, for models that predict no detail: what an edit of a large region or a larger
 * generated picture then gets. Nobody is offered it as an enlargement.
 */
export function smoothPredictor(factor: number): DetailPredictor {
  return {
    factor,
    predict({ image }) {
      const { side } = image;
      const larger = side * factor;
      const { data: smooth } = enlargeSmoothly(image, larger);
      const means = Float32Array.from(blockMeans(smooth, larger, 3 * larger, factor));
      const repeated = repeatBlocks(means, side, 3 * side, factor);
      return Promise.resolve({
        side: larger,
        data: smooth.map((value, index) => value - (repeated[index] ?? 0)),
      });
    },
  };
}

/**
 * Creative: the missing scales' tokens are drawn. Where a tile overlaps others that were drawn before,
 * their tokens are forced, so that it goes on with what they began (tiles have to start at multiples
 * of {@link cellPixels} for that).
 */
export function drawnPredictor(
  model: Model,
  factor: number,
  settings: CreativeSettings,
): DetailPredictor {
  const neighbours = new DrawnCells(model.layout, factor);
  return {
    factor,
    async predict(tile) {
      return decodedDetails(model, await drawTile(model, factor, tile, neighbours, settings));
    },
  };
}

/** Both predictions by their shares: 0 is all `plain`, 1 all `drawn`, and each pixel moves steadily. */
export function mixedPredictor(
  plain: DetailPredictor,
  drawn: DetailPredictor,
  share: number,
): DetailPredictor {
  return {
    factor: plain.factor,
    async predict(tile) {
      const invented = await drawn.predict(tile);
      return share === 1 ? invented : mix(await plain.predict(tile), invented, share);
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
  { image, index, x, y }: InputTile,
  neighbours: DrawnCells,
  settings: CreativeSettings,
): Promise<DecodeRequest> {
  const { layout } = model;
  const enlarged = enlarge(image, factor);
  await settings.pause();
  const known = knownScales(layout, factor) * layout.tokensPerScale;
  const plan = {
    codes: await model.encode(enlarged),
    isDrawn: new Uint8Array(layout.tokenCount).fill(1, known),
  };
  neighbours.force(plan, x, y);
  const random = createRandom(settings.seed, index);
  const codes = await drawTokens(model, settings.prefix, plan, { ...settings, random });
  neighbours.remember(codes, x, y);
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
