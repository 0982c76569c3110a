import { AppError } from "../../core/errors.js";
import type { EditorApi } from "../../shared/api.js";
import type { Timer } from "../notices/notices.svelte.js";
import type { Workspace } from "./workspace.svelte.js";

/** A stroke or a typed word is one change: what was begun is kept once it rests that long. */
const REST_MS = 1_000;

/** Keeps what was begun on each picture beside its document, and brings it back. Never throws. */
export class DraftKeeper {
  readonly #api: Pick<EditorApi, "keepDraft" | "readDraft">;
  readonly #timer: Timer;
  readonly #onError: (error: unknown) => void;
  readonly #stops = new Map<Workspace, () => void>();
  /** Pictures whose state is the kept one, or that of a fresh tab, which needs no keeping. */
  readonly #known = new WeakSet<Workspace>();

  constructor(
    api: Pick<EditorApi, "keepDraft" | "readDraft">,
    timer: Timer,
    onError: (error: unknown) => void,
  ) {
    this.#api = api;
    this.#timer = timer;
    this.#onError = onError;
  }

  /** Something of the picture changed, or it is seen for the first time. */
  note(workspace: Workspace): void {
    if (!this.#known.has(workspace)) {
      this.#known.add(workspace);
      return;
    }
    this.#stops.get(workspace)?.();
    this.#stops.set(
      workspace,
      this.#timer(() => void this.#keep(workspace), REST_MS),
    );
  }

  /** The picture is being closed: what was begun on it goes with it. */
  forget(workspace: Workspace): void {
    this.#stops.get(workspace)?.();
    this.#stops.delete(workspace);
  }

  /** Brings back what was begun on a picture that an earlier page had open. */
  async restore(workspace: Workspace): Promise<void> {
    const documentId = workspace.document.info?.documentId;
    if (documentId === undefined) return;
    try {
      const { draft } = await this.#api.readDraft({ documentId });
      if (draft !== null && workspace.document.info?.documentId === documentId) {
        workspace.restore(draft);
      }
    } catch (error) {
      this.#onError(error);
    }
  }

  async #keep(workspace: Workspace): Promise<void> {
    this.#stops.delete(workspace);
    const documentId = workspace.document.info?.documentId;
    // A stroke under way is kept when it rests.
    if (documentId === undefined || workspace.mask.isStroking) return;
    try {
      const packed = await workspace.mask.toPackedInSlices();
      // What changed it meanwhile is noted, too, and kept when that rests.
      if (packed === undefined || workspace.document.info?.documentId !== documentId) return;
      await this.#api.keepDraft({ documentId, draft: workspace.toDraft(packed) });
    } catch (error) {
      const code = error instanceof AppError ? error.code : null;
      // The next engine is told; a closed document needs no draft.
      if (code === "ENGINE_DIED") this.note(workspace);
      else if (code !== "DOCUMENT_UNKNOWN") this.#onError(error);
    }
  }
}
