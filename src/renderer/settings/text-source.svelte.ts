/** A long text that a host is asked for. */
export type TextState =
  | { readonly kind: "loading" }
  | { readonly kind: "failed" }
  | { readonly kind: "known"; readonly text: string };

/** Reads one text; a failure is reported and can be tried again. */
export class TextSource {
  state = $state.raw<TextState>({ kind: "loading" });
  readonly #read: () => Promise<string>;
  readonly #report: (error: unknown) => void;

  constructor(read: () => Promise<string>, report: (error: unknown) => void) {
    this.#read = read;
    this.#report = report;
  }

  async load(): Promise<void> {
    this.state = { kind: "loading" };
    try {
      this.state = { kind: "known", text: await this.#read() };
    } catch (error) {
      this.state = { kind: "failed" };
      this.#report(error);
    }
  }
}
