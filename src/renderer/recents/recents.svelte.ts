import type { EditorApi, ReplyOf } from "../../shared/api.js";
import type { DocumentInfo } from "../../shared/documents.js";

export type RecentFile = ReplyOf<"listRecents">["recents"][number];

/** Files of before, as far as the host knows them. */
export class RecentFiles {
  list = $state.raw<readonly RecentFile[]>([]);
  readonly #api: Pick<EditorApi, "listRecents" | "openRecent" | "clearRecents">;
  readonly #openBy: (open: () => Promise<DocumentInfo>) => Promise<void>;

  /** @param openBy shows what the given function opens, and any failure */
  constructor(
    api: Pick<EditorApi, "listRecents" | "openRecent" | "clearRecents">,
    openBy: (open: () => Promise<DocumentInfo>) => Promise<void>,
  ) {
    this.#api = api;
    this.#openBy = openBy;
  }

  /** Asks again: every file that is opened or saved changes the list. Never rejects. */
  async load(): Promise<void> {
    const reply = await this.#api.listRecents({}).catch(() => null);
    if (reply !== null) this.list = reply.recents;
  }

  async open({ recentId }: RecentFile): Promise<void> {
    await this.#openBy(() => this.#api.openRecent({ recentId }));
    await this.load();
  }

  async clear(): Promise<void> {
    await this.#api.clearRecents({}).catch(() => undefined);
    await this.load();
  }
}
