/** Files that the system hands over: kept until the app can open them. */
export class FileOpener {
  #early: string | null = null;
  #open: ((path: string) => void) | null = null;

  /** Opens a file now, or at the start if that is still to come; the last one counts. */
  open(path: string): void {
    if (this.#open) this.#open(path);
    else this.#early = path;
  }

  /** From now on files are opened with `open`. Returns the one that came too early. */
  takeOver(open: (path: string) => void): string | null {
    this.#open = open;
    return this.#early;
  }
}
