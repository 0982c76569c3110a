import type { Mask } from "../../core/mask/mask.js";
import type { Tile } from "../../shared/documents.js";
import type { Timer } from "../notices/notices.svelte.js";

/** A picture file that a person picked, dropped or pasted. */
export interface PickedFile {
  readonly name: string;
  readonly byteLength: number;
  read(): Promise<Uint8Array>;
}

/**
 * Everything that controllers need of a browser. Tests pass plain functions, so the whole logic of
 * the screen runs without one.
 */
export interface Platform {
  readonly timer: Timer;
  readonly now: () => number;
  /** A fresh seed, 0..2^32-1. */
  readonly randomSeed: () => number;
  readonly decodeTile: (tile: Tile) => Promise<CanvasImageSource>;
  readonly releaseTile: (bitmap: CanvasImageSource) => void;
  /** Shows the browser's file dialog for one picture; null if the person changed their mind. */
  readonly pickFile: () => Promise<PickedFile | null>;
  /** The same for any number; none if the person changed their mind. */
  readonly pickFiles: () => Promise<readonly PickedFile[]>;
  /** Puts a picture on the clipboard, or what of it is masked; within the event that asks for it. */
  readonly copyPicture: (png: Promise<Uint8Array>, mask: Mask | null) => Promise<void>;
  readonly download: (file: { name: string; mediaType: string; bytes: Uint8Array }) => void;
}
