import type { ModelImage } from "../../core/model-image.js";

/** What surrounds the tokens to draw. */
export interface DrawnContext {
  /** Gives the coefficients of exact tokens. */
  readonly image: ModelImage;
  /** One code a token; those to be drawn may hold anything. */
  readonly codes: Int32Array;
}

/** A model picture to draw, or a part of one. */
export interface PicturePlan {
  /** One for all variations, or one for each. */
  readonly contexts: readonly DrawnContext[];
  /** One value a token: 1 if it is to be drawn. */
  readonly isDrawn: Uint8Array;
  /** How the decoder takes the tokens that are not drawn; see `TokenKind` of the model. */
  readonly kinds: Uint8Array;
  /** Tells the pictures of one job apart, so that each gets random numbers of its own. */
  readonly index?: number;
}
