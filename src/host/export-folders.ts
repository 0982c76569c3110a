import { randomBytes } from "node:crypto";
import { access } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { AppError } from "../core/errors.js";
import { writeFileAtomically } from "../engine/process/atomic-write.js";
import type { EngineApi, HostApi, RequestOf } from "../shared/api.js";
import { MAX_NAME_CHARS } from "../shared/limits.js";

/** What no system lets into a file name, and what would lead out of the folder. */
const FORBIDDEN = /[<>:"/\\|?*\p{Cc}]/gu;
/** Names that mean a device on Windows, with any extension. */
const DEVICES = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i;

/** Folders that the person chose, under keys: a page never learns where they lie. */
export class ExportFolders {
  readonly #paths = new Map<string, string>();
  readonly #engine: EngineApi;
  /** One at a time: two files of the same name must not find the same name free. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(engine: EngineApi) {
    this.#engine = engine;
  }

  add(path: string): { folderId: string; name: string } {
    const folderId = randomBytes(12).toString("hex");
    this.#paths.set(folderId, path);
    return { folderId, name: (basename(path) || path).slice(-MAX_NAME_CHARS) };
  }

  /**
   * Writes a document under a name that is free.
   * @throws AppError NOT_AVAILABLE for an unknown folder, TARGET_UNWRITABLE, DISK_FULL
   */
  readonly write: HostApi["exportToFolder"] = (request) => {
    const written = this.#last.then(() => this.#write(request));
    this.#last = written.catch(() => undefined);
    return written;
  };

  async #write({ folderId, name, options }: RequestOf<"exportToFolder">) {
    const folder = this.#paths.get(folderId);
    if (folder === undefined) {
      throw new AppError(
        "NOT_AVAILABLE",
        "Expected a folder that was chosen since the app started but got another one; choose the folder again.",
      );
    }
    const { bytes, revision } = await this.#engine.exportDocument(options);
    const free = await freeName(folder, safeName(name));
    await writeFileAtomically(join(folder, free), bytes);
    await this.#engine.markSaved({ documentId: options.documentId, revision });
    return { name: free };
  }
}

/** A name that any system takes and that stays in its folder. */
export function safeName(name: string): string {
  const clean = name.replace(FORBIDDEN, "_").replace(/^[. ]+|[. ]+$/g, "");
  const stem = clean.slice(0, clean.length - extname(clean).length);
  if (clean === "") return "picture";
  return DEVICES.test(stem) ? `_${clean}` : clean;
}

/** `name`, or `name (2)` and so on if that is taken; no file of anybody is ever replaced. */
async function freeName(folder: string, name: string): Promise<string> {
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  for (let count = 1; ; count++) {
    const suffix = count === 1 ? "" : ` (${count})`;
    const candidate =
      stem.slice(0, MAX_NAME_CHARS - extension.length - suffix.length) + suffix + extension;
    const isTaken = await access(join(folder, candidate)).then(
      () => true,
      () => false,
    );
    if (!isTaken) return candidate;
  }
}
