import { downloadZip } from "client-zip";
import type { EditorApi } from "../../shared/api.js";
import type { DocumentInfo } from "../../shared/documents.js";
import type { Platform } from "../app/platform.js";
import { fileName } from "../dialogs/save-options.js";
import { messages } from "../text/messages.js";
import type { BatchSettings } from "./batch-settings.svelte.js";

type OutputApi = Pick<EditorApi, "exportDocument" | "exportToFolder">;

/** Writes results where the settings say, under names that differ from each other. */
export class BatchOutputs {
  readonly #api: OutputApi;
  readonly #platform: Pick<Platform, "download">;
  /** Waiting for the zip. Blobs lie with the browser, which may move them out of memory. */
  readonly #waiting: { readonly name: string; readonly blob: Blob }[] = [];
  readonly #names = new Set<string>();

  constructor(api: OutputApi, platform: Pick<Platform, "download">) {
    this.#api = api;
    this.#platform = platform;
  }

  /** Writes one result; returns its name. @throws AppError of exporting and writing */
  async write(info: DocumentInfo, settings: BatchSettings): Promise<string> {
    const format = settings.formatFor(info);
    const name = fileName(info.name, format);
    const options = {
      documentId: info.documentId,
      format,
      quality: settings.quality,
      embedRecipe: true,
      metadata: "all",
    } as const;
    if (settings.output === "folder" && settings.folder !== null) {
      const { folderId } = settings.folder;
      // The host finds a name that is free, since it alone sees the folder.
      return (await this.#api.exportToFolder({ folderId, name, options })).name;
    }
    const { bytes, mediaType } = await this.#api.exportDocument(options);
    const free = this.#freeName(name);
    if (settings.output === "files") this.#platform.download({ name: free, mediaType, bytes });
    else this.#waiting.push({ name: free, blob: new Blob([new Uint8Array(bytes)]) });
    return free;
  }

  /** Hands over what waits as one zip file; nothing if nothing waits. */
  async finish(): Promise<void> {
    const files = this.#waiting.splice(0);
    if (files.length === 0) return;
    const zip = await downloadZip(files.map(({ name, blob }) => ({ name, input: blob }))).blob();
    const bytes = new Uint8Array(await zip.arrayBuffer());
    const { zipName: name } = messages.batch;
    this.#platform.download({ name, mediaType: "application/zip", bytes });
  }

  /** The browser and the zip would take two files of one name, but a person would lose one. */
  #freeName(name: string): string {
    const at = name.lastIndexOf(".");
    for (let count = 1; ; count++) {
      const candidate = count === 1 ? name : `${name.slice(0, at)} (${count})${name.slice(at)}`;
      if (this.#names.has(candidate)) continue;
      this.#names.add(candidate);
      return candidate;
    }
  }
}
