import { PROJECT_FORMAT, type DocumentInfo, type ExportFormat } from "../../shared/documents.js";
import { MAX_PIXELS, MAX_SIDE_PX } from "../../shared/limits.js";
import type { InstalledModel } from "../../shared/models.js";
import { defaultFormat } from "../dialogs/save-options.js";
import { factorWith } from "../job/abilities.js";
import { FACTORS, type Factor } from "../job/settings.svelte.js";
import type { Size } from "../view/geometry.js";
import type { SkipReason } from "./batch-item.js";

/** Where results go: a folder in Electron; downloads, one by one or as one file, in a browser. */
export type BatchOutput = "folder" | "files" | "zip";

/** What an upscale of one picture aims at. */
export interface BatchTarget {
  readonly size: Size;
  readonly factor: Factor;
  /** Told if it is no multiple of the picture's size. */
  readonly exact: Size | null;
}

/** What is done with every picture of a batch. */
export class BatchSettings {
  by = $state<"factor" | "side">("factor");
  factor = $state<Factor>(2);
  /** Longest side of the results in pixels. */
  side = $state(4_096);
  creativity = $state(0);
  /** null writes each picture in the format that it came in. */
  format = $state<ExportFormat | null>(null);
  quality = $state(90);
  output = $state<BatchOutput>("files");
  folder = $state.raw<{ readonly folderId: string; readonly name: string } | null>(null);

  formatFor(info: DocumentInfo): ExportFormat {
    const format = this.format ?? defaultFormat(info);
    // A project is for going on with; what a batch makes are pictures.
    return format === PROJECT_FORMAT ? "png" : format;
  }

  /** What to make of a picture of that size with this model, or why it is left out. */
  targetFor({ width, height }: Size, model: InstalledModel): BatchTarget | SkipReason {
    const longest = Math.max(width, height);
    const ratio = this.by === "factor" ? factorWith(this, model) : this.side / longest;
    if (ratio <= 1) return "largeEnough";
    const size = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
    const factor = FACTORS.find((candidate) => candidate >= ratio);
    const isAllowed =
      Math.max(size.width, size.height) <= MAX_SIDE_PX && size.width * size.height <= MAX_PIXELS;
    if (factor === undefined || !isAllowed) return "tooLarge";
    return { size, factor, exact: ratio === factor ? null : size };
  }
}
