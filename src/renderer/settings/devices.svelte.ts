import type { EditorApi, ReplyOf } from "../../shared/api.js";

export type Devices = ReplyOf<"listDevices">;
/** What is known of this machine's devices. */
export type DevicesState =
  | { readonly kind: "loading" }
  | { readonly kind: "failed" }
  | { readonly kind: "known"; readonly devices: Devices };

/** The devices that the model may compute on, asked for when the settings are looked at. */
export class DevicesController {
  state = $state.raw<DevicesState>({ kind: "loading" });
  readonly #api: Pick<EditorApi, "listDevices">;
  readonly #report: (error: unknown) => void;

  constructor(api: Pick<EditorApi, "listDevices">, report: (error: unknown) => void) {
    this.#api = api;
    this.#report = report;
  }

  /** Asks again; what was known stays on the screen meanwhile. */
  async load(): Promise<void> {
    if (this.state.kind === "failed") this.state = { kind: "loading" };
    try {
      this.state = { kind: "known", devices: await this.#api.listDevices({}) };
    } catch (error) {
      this.state = { kind: "failed" };
      this.#report(error);
    }
  }
}
