import type { EditorApi, RequestOf } from "../../shared/api.js";
import type { Timer } from "../notices/notices.svelte.js";

type Options = RequestOf<"measureExport">;

/** A slider that is being dragged asks for nothing yet. */
const REST_MS = 250;

/**
 * How large a file would become. Only the newest question counts: an answer to an older one is
 * dropped, and while one is being worked on, the next waits instead of making the engine busier.
 */
export class ExportSize {
  /** Bytes, or null while they are not known. */
  bytes = $state<number | null>(null);
  /** The answer may still come. */
  isMeasuring = $state(false);

  readonly #api: Pick<EditorApi, "measureExport">;
  readonly #timer: Timer;
  #stopTimer: () => void = () => undefined;
  #wanted: Options | null = null;
  #isBusy = false;

  constructor(api: Pick<EditorApi, "measureExport">, timer: Timer) {
    this.#api = api;
    this.#timer = timer;
  }

  /** Measures these options once they rest. */
  ask(options: Options): void {
    this.#wanted = options;
    this.isMeasuring = true;
    this.#stopTimer();
    this.#stopTimer = this.#timer(() => void this.#measure(), REST_MS);
  }

  /** Nobody wants to know any more. */
  stop(): void {
    this.#stopTimer();
    this.#wanted = null;
    this.isMeasuring = false;
  }

  async #measure(): Promise<void> {
    const options = this.#wanted;
    if (options === null || this.#isBusy) return;
    this.#isBusy = true;
    // A size that cannot be found is no reason to complain: saving itself will say why.
    const measured = await this.#api.measureExport(options).catch(() => null);
    this.#isBusy = false;
    if (this.#wanted === options) {
      this.bytes = measured?.bytes ?? null;
      this.isMeasuring = false;
    } else {
      await this.#measure();
    }
  }
}
