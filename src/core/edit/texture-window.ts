/** What a pixel of a {@link TextureWindow} is. */
export const PixelRole = {
  /** Known, but no example: beyond the picture's border, say. */
  unusable: 0,
  /** A pixel of the picture that texture may be taken from. */
  example: 1,
  /** Drawn, to be given texture. */
  target: 2,
} as const;

/** A part of a picture at the model's resolution, with what was drawn in it. */
export interface TextureWindow {
  readonly width: number;
  readonly height: number;
  /** Interleaved RGB in [-1, 1], `3 * width * height`; at targets what was drawn. */
  readonly colours: Float32Array;
  /** A {@link PixelRole} for each pixel. */
  readonly roles: Uint8Array;
}

/** A window at half the size (rounded down): means of 2 x 2 pixels; an example is one all through. */
export function halveWindow({ width, height, colours, roles }: TextureWindow): TextureWindow {
  const half = emptyWindow(Math.floor(width / 2), Math.floor(height / 2));
  for (let y = 0, pixel = 0; y < half.height; y++) {
    for (let x = 0; x < half.width; x++, pixel++) {
      const first = 2 * y * width + 2 * x;
      const four = [first, first + 1, first + width, first + width + 1];
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (const at of four) sum += colours[3 * at + channel] ?? 0;
        half.colours[3 * pixel + channel] = sum / 4;
      }
      const below = four.map((at) => roles[at]);
      if (below.includes(PixelRole.target)) half.roles[pixel] = PixelRole.target;
      else if (!below.includes(PixelRole.unusable)) half.roles[pixel] = PixelRole.example;
    }
  }
  return half;
}

function emptyWindow(width: number, height: number): TextureWindow {
  const area = width * height;
  return { width, height, colours: new Float32Array(3 * area), roles: new Uint8Array(area) };
}

/** Planes of values side by side: `channels * width * height`, interleaved. */
export interface Values {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Enlarges values smoothly, centre-aligned and linear in between. */
export function enlargeLinearly(
  { width, height, data }: Values,
  channels: number,
  to: Omit<Values, "data">,
): Float32Array {
  const columns = placesBetween(width, to.width);
  const rows = placesBetween(height, to.height);
  const enlarged = new Float32Array(channels * to.width * to.height);
  let at = 0;
  for (const row of rows) {
    const above = row.first * width * channels;
    const below = row.second * width * channels;
    for (const column of columns) {
      const left = column.first * channels;
      const right = column.second * channels;
      for (let channel = 0; channel < channels; channel++) {
        const a = data[above + left + channel] ?? 0;
        const c = data[below + left + channel] ?? 0;
        const top = a + ((data[above + right + channel] ?? 0) - a) * column.share;
        const bottom = c + ((data[below + right + channel] ?? 0) - c) * column.share;
        enlarged[at++] = top + (bottom - top) * row.share;
      }
    }
  }
  return enlarged;
}

interface Place {
  readonly first: number;
  readonly second: number;
  /** Weight of the second. */
  readonly share: number;
}

function placesBetween(count: number, wanted: number): Place[] {
  return Array.from({ length: wanted }, (_, at) => {
    const centre = Math.max(0, Math.min(count - 1, ((at + 0.5) * count) / wanted - 0.5));
    const first = Math.floor(centre);
    return { first, second: Math.min(first + 1, count - 1), share: centre - first };
  });
}
