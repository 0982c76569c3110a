import type { Mask } from "../../core/mask/mask.js";

/** Draws what is masked alone, cut to its bounds; what is half masked is half transparent. */
export async function cutOut(png: Blob, { rect, alpha }: Mask): Promise<Blob> {
  const bitmap = await createImageBitmap(png, rect.x, rect.y, rect.width, rect.height);
  const canvas = new OffscreenCanvas(rect.width, rect.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("Expected a 2-D context but got none.");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const pixels = context.getImageData(0, 0, rect.width, rect.height);
  for (let pixel = 0; pixel < alpha.length; pixel++) {
    const at = pixel * 4 + 3;
    pixels.data[at] = ((pixels.data[at] ?? 0) * (alpha[pixel] ?? 0)) / 255;
  }
  context.putImageData(pixels, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}

/**
 * Puts a picture on the clipboard. Called within the click or key press that asks for it: a browser
 * allows it only then, and so the picture itself may come later.
 */
export function writePicture(png: Promise<Blob>): Promise<void> {
  return navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
}
