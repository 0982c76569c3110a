import type { Tile } from "../../shared/documents.js";
import { cutOut, writePicture } from "../clipboard/copy-picture.js";
import type { PickedFile, Platform } from "./platform.js";

/** Extensions beside the media type: some systems know no type for AVIF or TIFF. */
const ACCEPTED = "image/*,.png,.jpg,.jpeg,.webp,.tif,.tiff,.avif,.gif,.ora";
/** A download begins after the click's task; until then its address must stay alive. */
const REVOKE_AFTER_MS = 60_000;

/** The real browser. */
export function createBrowserPlatform(): Platform {
  return {
    timer: (run, delayMs) => {
      const handle = setTimeout(run, delayMs);
      return () => clearTimeout(handle);
    },
    now: () => performance.now(),
    randomSeed: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
    decodeTile,
    releaseTile: (bitmap) => {
      if (bitmap instanceof ImageBitmap) bitmap.close();
    },
    pickFile: async () => (await pickFiles(false))[0] ?? null,
    pickFiles: () => pickFiles(true),
    copyPicture: async (bytes, mask) => {
      const png = bytes.then((copy) => new Blob([new Uint8Array(copy)], { type: "image/png" }));
      await writePicture(mask === null ? png : png.then((blob) => cutOut(blob, mask)));
    },
    download,
  };
}

/** A picked, dropped or pasted `File` as the controllers see it. */
export function fromFile(file: File): PickedFile {
  return {
    name: file.name === "" ? "Pasted picture" : file.name,
    byteLength: file.size,
    read: async () => new Uint8Array(await file.arrayBuffer()),
  };
}

function decodeTile({ width, height, rgba }: Tile): Promise<ImageBitmap> {
  return createImageBitmap(new ImageData(new Uint8ClampedArray(rgba), width, height), {
    // The engine sends the picture's own numbers; the screen must not bend them a second time.
    colorSpaceConversion: "none",
  });
}

function pickFiles(isMany: boolean): Promise<readonly PickedFile[]> {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ACCEPTED;
  input.multiple = isMany;
  return new Promise((resolve) => {
    input.addEventListener("change", () => resolve([...(input.files ?? [])].map(fromFile)));
    input.addEventListener("cancel", () => resolve([]));
    input.click();
  });
}

function download(file: { name: string; mediaType: string; bytes: Uint8Array }): void {
  const blob = new Blob([new Uint8Array(file.bytes)], { type: file.mediaType });
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), REVOKE_AFTER_MS);
}
