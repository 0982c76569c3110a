import type { Bundle } from "./bundle/bundle.js";
import type { Provider } from "./device/device.js";
import type { LoadedToEnlarge } from "./jobs/prompts.js";

/** The use of a model, until it is given back. */
export interface ModelUse {
  readonly model: Promise<LoadedToEnlarge>;
  /** Ends the use; to be called once. */
  readonly giveBack: () => void;
}

/** A model in memory, or on its way there, which stays as long as somebody uses it. */
export class HeldModel {
  #users = 0;
  #onUnused: () => void = () => undefined;
  #freed: Promise<void> | undefined;

  constructor(
    readonly bundle: Bundle,
    readonly provider: Provider,
    private readonly model: Promise<LoadedToEnlarge>,
  ) {}

  get isUsed(): boolean {
    return this.#users > 0;
  }

  /** True once it is on its way out: nobody is to use it any more. */
  get isRetired(): boolean {
    return this.#freed !== undefined;
  }

  use(): ModelUse {
    this.#users++;
    return {
      model: this.model,
      giveBack: () => {
        this.#users--;
        if (!this.isUsed) this.#onUnused();
      },
    };
  }

  /** Releases the model when its last user is done; resolves when its memory is free. */
  retire(): Promise<void> {
    return (this.#freed ??= this.#free());
  }

  async #free(): Promise<void> {
    if (this.isUsed) await new Promise<void>((resolve) => (this.#onUnused = resolve));
    const loaded = await this.model.catch(() => null);
    // Nobody can do anything about a session that does not end, and whoever waits has work to do.
    await loaded?.model.release().catch(() => undefined);
  }
}
