import type { EnlargingNetwork, Pace, Planes } from "../bundle/enlarger.js";

/** A picture as it is, mirrored and turned: all eight ways of laying a square onto itself. */
const VIEWS = [false, true].flatMap((isTransposed) =>
  [false, true].flatMap((flipsX) =>
    [false, true].map((flipsY) => ({ isTransposed, flipsX, flipsY })),
  ),
);
type View = (typeof VIEWS)[number];

/**
 * The mean of what a network makes of eight views of the picture, each put back as it was. A network
 * errs differently in each, so that the mean errs less (the self-ensemble of Lim et al., EDSR, 2017),
 * at eight times the price.
 */
export class AveragedEnlarger implements EnlargingNetwork {
  readonly views = VIEWS.length;

  constructor(private readonly enlarger: EnlargingNetwork) {}

  get network(): EnlargingNetwork["network"] {
    return this.enlarger.network;
  }

  get pace(): Pace {
    return this.enlarger.pace;
  }

  ready(): Promise<void> {
    return this.enlarger.ready();
  }

  async run(planes: Planes, between?: () => Promise<void>): Promise<Planes> {
    const { factor } = this.network;
    const size = { width: planes.width * factor, height: planes.height * factor };
    const mean = { ...size, data: new Float32Array(3 * size.width * size.height) };
    for (const [index, view] of VIEWS.entries()) {
      if (index > 0) await between?.();
      const turned = turnedSize(planes, view);
      const data = new Float32Array(planes.data.length);
      forEachPixel(planes, view, (source, target) => {
        data[target] = planes.data[source] ?? 0;
      });
      const enlarged = await this.enlarger.run({ ...turned, data });
      forEachPixel(mean, view, (source, target) => {
        mean.data[source] = (mean.data[source] ?? 0) + (enlarged.data[target] ?? 0) / VIEWS.length;
      });
    }
    return mean;
  }
}

function turnedSize({ width, height }: Planes, { isTransposed }: View) {
  return isTransposed ? { width: height, height: width } : { width, height };
}

/** Calls `visit` with the place of every value in the picture and in its view. */
function forEachPixel(
  { width, height }: Omit<Planes, "data">,
  { isTransposed, flipsX, flipsY }: View,
  visit: (source: number, target: number) => void,
): void {
  const area = width * height;
  for (let y = 0; y < height; y++) {
    const row = flipsY ? height - 1 - y : y;
    for (let x = 0; x < width; x++) {
      const column = flipsX ? width - 1 - x : x;
      const source = row * width + column;
      const target = isTransposed ? x * height + y : y * width + x;
      for (let plane = 0; plane < 3 * area; plane += area) visit(plane + source, plane + target);
    }
  }
}
