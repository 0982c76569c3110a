import type { EditorApi } from "../../shared/api.js";
import type { DocumentInfo, Recovery } from "../../shared/documents.js";

type RecoveryApi = Pick<EditorApi, "listRecoveries" | "recoverDocument" | "forgetRecovery">;

/** Pictures that an earlier run of the app left behind when it ended without closing them. */
export class RecoveryController {
  list = $state.raw<readonly Recovery[]>([]);
  /** The person wants to decide later; the list stays in the menu. */
  isPutOff = $state(false);
  readonly #api: RecoveryApi;
  readonly #adopt: (info: DocumentInfo) => Promise<void>;
  readonly #onError: (error: unknown) => void;

  constructor(
    api: RecoveryApi,
    adopt: (info: DocumentInfo) => Promise<void>,
    onError: (error: unknown) => void,
  ) {
    this.#api = api;
    this.#adopt = adopt;
    this.#onError = onError;
  }

  async load(): Promise<void> {
    try {
      this.list = (await this.#api.listRecoveries({})).recoveries;
    } catch (error) {
      this.#onError(error);
    }
  }

  /** Opens one with its whole history, in a tab of its own. */
  async recover(recovery: Recovery): Promise<void> {
    await this.#take(recovery, async ({ recoveryId }) =>
      this.#adopt(await this.#api.recoverDocument({ recoveryId })),
    );
  }

  async recoverAll(): Promise<void> {
    for (const recovery of this.list) await this.recover(recovery);
  }

  /** Deletes one for good. */
  async forget(recovery: Recovery): Promise<void> {
    await this.#take(recovery, async ({ recoveryId }) => {
      await this.#api.forgetRecovery({ recoveryId });
    });
  }

  async #take(recovery: Recovery, work: (recovery: Recovery) => Promise<void>): Promise<void> {
    try {
      await work(recovery);
      this.list = this.list.filter((other) => other !== recovery);
    } catch (error) {
      this.#onError(error);
      // It may have been taken by another window: what is still there?
      await this.load();
    }
  }
}
