import { seamReach, softenSeams } from "../../core/edit/soften-seams.js";
import type { ModelImage } from "../../core/model-image.js";
import { drawnTokens } from "../ar/draw-tokens.js";
import { TokenKind, type DecodeRequest, type Model } from "../bundle/model.js";
import { coarsePictureOf } from "./coarse-picture.js";
import type { DrawnContext, PicturePlan } from "./picture-plan.js";
import type { PreviewPacer } from "./preview-pacer.js";
import { enlargeSmoothly } from "./smooth-enlarge.js";

interface FilmSurroundings {
  readonly pacer: PreviewPacer;
  readonly pause: () => Promise<void>;
  /** Called with each preview and each finished picture; variations are counted within the batch. */
  readonly onPicture: (scale: number, image: ModelImage, variation: number) => void;
}

/** The pictures of variations that are drawn together: previews on the way, and the finished ones. */
export class BatchFilm {
  /** Drawn tokens, ascending, and so by scale. */
  readonly #tokens: readonly number[];
  readonly #lastScale: number;
  /** 1 for a token that is still to be drawn. */
  readonly #missing: Uint8Array;
  #codes: readonly Int32Array[];
  #drawn = 0;
  /** Counts the previews within scales, which show the variations by turns. */
  #turn = 0;
  /** The first scale of each variation whose preview was too dear. */
  readonly #missed = new Map<number, number>();

  /** @param known one for each variation of the batch */
  constructor(
    private readonly model: Model,
    private readonly plan: Pick<PicturePlan, "isDrawn" | "kinds">,
    private readonly known: readonly DrawnContext[],
    private readonly surroundings: FilmSurroundings,
  ) {
    this.#tokens = drawnTokens(plan.isDrawn);
    this.#missing = plan.isDrawn.slice();
    this.#codes = known.map(({ codes }) => codes);
    this.#lastScale = this.#scaleOf(this.#tokens.at(-1));
  }

  /** @param codes of every variation, which the drawing goes on to write to */
  tokenDrawn(token: number, codes: readonly Int32Array[]): void {
    this.#missing[token] = 0;
    this.#codes = codes;
    this.#drawn++;
    this.surroundings.pacer.step();
  }

  /** A picture of a variation now and then, also before the first token, while known ones are read. */
  async betweenSteps(): Promise<void> {
    const scale = this.#scaleOf(this.#tokens[this.#drawn]);
    await this.surroundings.pacer.withinScale(scale, async () => {
      await this.#show(scale, this.#turn++ % this.known.length);
    });
  }

  /** A picture of each variation. */
  async scaleDrawn(scale: number): Promise<void> {
    // The finished pictures are made anyway.
    if (scale === this.#lastScale) return;
    for (const variation of this.known.keys()) {
      const show = () => this.#show(scale, variation);
      const isShown = await this.surroundings.pacer.afterScale(scale, show);
      if (!isShown && !this.#missed.has(variation)) this.#missed.set(variation, scale);
    }
  }

  /** The finished picture, after those of the scales that were passed over. */
  async finish(codes: Int32Array, variation: number): Promise<ModelImage> {
    const { pacer, pause, onPicture } = this.surroundings;
    await pause();
    const { layout } = this.model;
    const image = await pacer.finish(async () => {
      const decoded = await this.model.decode(this.#soFar(codes, variation));
      return softenSeams(decoded, layout, seamReach(layout, this.plan.isDrawn));
    });
    const missed = this.#missed.get(variation) ?? this.#lastScale;
    pacer.atEnd(1 + this.#lastScale - missed, () => {
      for (let scale = missed; scale < this.#lastScale; scale++) {
        const coarse = coarsePictureOf(image, layout, scale);
        onPicture(scale, enlargeSmoothly(coarse, layout.imageSize), variation);
      }
      onPicture(this.#lastScale, image, variation);
    });
    return image;
  }

  async #show(scale: number, variation: number): Promise<void> {
    const { pause, onPicture } = this.surroundings;
    await pause();
    const codes = this.#codes[variation] ?? new Int32Array(0);
    const coarse = await this.model.decodeCoarse(this.#soFar(codes, variation), scale + 1);
    onPicture(scale, enlargeSmoothly(coarse, this.model.layout.imageSize), variation);
  }

  /** Tokens that are still missing are masked, those that were drawn are there. */
  #soFar(codes: Int32Array, variation: number): DecodeRequest {
    const { isDrawn, kinds } = this.plan;
    const known = this.known[variation];
    if (!known) throw new RangeError("a context for each variation is needed");
    return {
      image: known.image,
      codes,
      kinds: kinds.map((kind, token) => {
        if (isDrawn[token] === 0) return kind;
        return this.#missing[token] === 0 ? TokenKind.code : TokenKind.masked;
      }),
    };
  }

  #scaleOf(token = 0): number {
    return Math.floor(token / this.model.layout.tokensPerScale);
  }
}
