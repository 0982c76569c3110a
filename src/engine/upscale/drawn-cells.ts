import type { TokenLayout } from "../../core/layout.js";
import type { TokenPlan } from "../ar/draw-tokens.js";
import { cellPixels, knownScales } from "./known-scales.js";

/** Tokens that were drawn, by the cell of the picture that they cover. */
export class DrawnCells {
  readonly #cell: number | null;
  readonly #firstScale: number;
  /** By row and then column of the cell: one code for each missing scale. */
  readonly #rows = new Map<number, Map<number, Int32Array>>();

  constructor(
    private readonly layout: TokenLayout,
    factor: number,
  ) {
    this.#cell = cellPixels(layout, factor);
    this.#firstScale = knownScales(layout, factor);
  }

  /** Forces the tokens of a tile at input pixel (x, y) whose cells are drawn already. */
  force({ codes, isDrawn }: Pick<TokenPlan, "codes" | "isDrawn">, x: number, y: number): void {
    this.#forEachCell(x, y, (row, column, token) => {
      this.#rows
        .get(row)
        ?.get(column)
        ?.forEach((code, index) => {
          const at = (this.#firstScale + index) * this.layout.tokensPerScale + token;
          codes[at] = code;
          isDrawn[at] = 0;
        });
    });
  }

  /** Keeps a tile's codes; those of rows above it are forgotten, since no later tile lies there. */
  remember(codes: Int32Array, x: number, y: number): void {
    const { tokensPerScale, scaleCount } = this.layout;
    for (const row of this.#rows.keys()) {
      if (row < Math.floor(y / (this.#cell ?? 1))) this.#rows.delete(row);
    }
    this.#forEachCell(x, y, (row, column, token) => {
      const cells = this.#rows.get(row) ?? new Map<number, Int32Array>();
      this.#rows.set(row, cells);
      const own = Int32Array.from({ length: scaleCount - this.#firstScale }, (_, index) => {
        return codes[(this.#firstScale + index) * tokensPerScale + token] ?? 0;
      });
      cells.set(column, own);
    });
  }

  /** Calls back with the row and column of each cell in the picture, and its place in a scale. */
  #forEachCell(
    x: number,
    y: number,
    visit: (row: number, column: number, token: number) => void,
  ): void {
    const cell = this.#cell;
    if (cell === null || x % cell !== 0 || y % cell !== 0) return;
    const { grid } = this.layout;
    for (let token = 0; token < grid ** 2; token++) {
      const column = token % grid;
      visit(y / cell + Math.floor(token / grid), x / cell + column, token);
    }
  }
}
