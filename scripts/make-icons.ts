/** Renders assets/icons/icon.svg into the PNG sizes that the packager and the page use. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { projectRoot } from "./lib/project";

/** Linux desktops pick a size from this set; Windows' and macOS' formats are made of the largest. */
const sizesPx = [16, 32, 48, 64, 128, 256, 512];
const largestPx = 1024;

const svg = await readFile(join(projectRoot, "assets/icons/icon.svg"));

async function render(sizePx: number, path: string): Promise<void> {
  // 72 dpi is the drawing's own 512 pixels; rendering at the size avoids enlarging a bitmap.
  const density = Math.max(72, (72 * sizePx) / 512);
  await sharp(svg, { density })
    .resize(sizePx, sizePx)
    .png({ compressionLevel: 9 })
    .toFile(join(projectRoot, path));
}

await mkdir(join(projectRoot, "build/icons"), { recursive: true });
for (const size of sizesPx) await render(size, `build/icons/${size}x${size}.png`);
await render(largestPx, "build/icon.png");
