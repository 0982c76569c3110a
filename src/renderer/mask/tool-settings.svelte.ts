import type { CombineMode } from "../../core/mask/combine.js";
import type { Size } from "../view/geometry.js";
import { clampBrushSize, HARDNESS_STEP, nextBrushSize, type Tool } from "./tools.js";

/** The chosen tool and how the tools are set: of the whole app, so that another tab changes nothing. */
export class ToolSettings {
  tool = $state<Tool>("brush");
  /** 1 hard, 0 soft. */
  hardness = $state(0.8);
  /** How the next shape meets the mask, unless keys say otherwise. */
  combine = $state<CombineMode>("add");
  /** Largest difference of a sample for the wand, 0..255. */
  tolerance = $state(24);
  /** The wand takes only what hangs together. */
  isContiguous = $state(true);
  /** By how much the next grow, shrink or feather changes the outline, in picture pixels. */
  reshapePx = $state(8);
  #brushSize = $state(64);
  #isSizeChosen = false;

  /** Brush diameter in picture pixels. */
  get brushSize(): number {
    return this.#brushSize;
  }

  setBrushSize(sizePx: number): void {
    this.#brushSize = clampBrushSize(sizePx);
    this.#isSizeChosen = true;
  }

  stepBrushSize(direction: "up" | "down"): void {
    this.setBrushSize(nextBrushSize(this.brushSize, direction));
  }

  stepHardness(direction: "up" | "down"): void {
    const next = this.hardness + (direction === "up" ? HARDNESS_STEP : -HARDNESS_STEP);
    this.hardness = Math.round(Math.max(0, Math.min(next, 1)) * 100) / 100;
  }

  /**
   * A brush of about a tenth of a picture that is opened, so that the first stroke is neither dot nor
   * flood; what the person chose stays.
   */
  suggestBrushSize(size: Size): void {
    if (this.#isSizeChosen) return;
    this.#brushSize = clampBrushSize(Math.min(size.width, size.height) / 10);
  }
}
