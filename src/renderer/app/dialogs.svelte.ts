/** The dialog that is open; there is at most one. */
export type OpenDialog =
  | { readonly kind: "none" }
  /** `then` runs after a successful save. */
  | { readonly kind: "save"; readonly then: (() => void) | null }
  | { readonly kind: "unsaved"; readonly proceed: () => void }
  | { readonly kind: "unfinished"; readonly proceed: () => void }
  | { readonly kind: "recovery" }
  | { readonly kind: "batch" }
  | { readonly kind: "palette" }
  | { readonly kind: "settings" }
  | { readonly kind: "shortcuts" }
  | { readonly kind: "log" }
  | { readonly kind: "licences" }
  | { readonly kind: "about" };

export const NO_DIALOG: OpenDialog = { kind: "none" };

export class Dialogs {
  current = $state.raw<OpenDialog>(NO_DIALOG);

  get isOpen(): boolean {
    return this.current.kind !== "none";
  }

  open(dialog: OpenDialog): void {
    this.current = dialog;
  }

  close(): void {
    this.current = NO_DIALOG;
  }
}
