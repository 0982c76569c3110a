import type { Editor } from "../app/editor.svelte.js";
import type { PickedFile } from "../app/platform.js";
import { messages } from "../text/messages.js";

/** Whoever drops more pictures than that does not want to look at each of them. */
const MOST_TABS_AT_ONCE = 20;

/** The ways into the batch window, and the news from it. */
export class BatchFlow {
  readonly #editor: Editor;

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  /** Opens dropped or pasted files: in tabs, or in the batch if that is in front or they are too many. */
  async openAll(files: readonly PickedFile[]): Promise<void> {
    const isForBatch = this.#editor.dialogs.current.kind === "batch";
    if (!isForBatch && files.length <= MOST_TABS_AT_ONCE)
      return this.#editor.files.openFiles(files);
    this.#editor.batch.add(files);
    this.open();
  }

  async pick(): Promise<void> {
    this.#editor.batch.add(await this.#editor.platform.pickFiles());
  }

  /** Asks for the folder that a batch writes into. */
  async chooseFolder(): Promise<void> {
    await this.#editor.attempt(async () => {
      const folder = await this.#editor.api.chooseFolder({});
      if (folder !== null) this.#editor.batch.settings.folder = folder;
    });
  }

  /** Opens the batch window, with results going where this host can put them. */
  open(): void {
    if (this.#editor.appInfo?.host === "electron") this.#editor.batch.settings.output = "folder";
    this.#editor.dialogs.open({ kind: "batch" });
  }

  /** Whoever looks at the batch sees its end; others are told. */
  tellEnd(): void {
    if (this.#editor.dialogs.current.kind === "batch") return;
    const text = messages.batch;
    const { done, failed, items } = this.#editor.batch;
    const body = text.summary(done, items.length);
    this.#editor.notices.show({
      tone: failed > 0 ? "error" : "success",
      title: text.finished,
      body: failed > 0 ? `${body} · ${text.failures(failed)}` : body,
      actions: [{ label: text.open, run: () => this.open() }],
    });
  }
}
