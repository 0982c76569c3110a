/** Keeps values up to a budget of bytes, dropping those that were not used for longest. */
export class ByteCache<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly bytes: number }>();
  #bytes = 0;

  /** @param budget bytes; the newest value stays even if it alone is larger */
  constructor(private budget: number) {}

  /** Takes another budget; what is above it goes with the next value that comes. */
  resize(budget: number): void {
    this.budget = budget;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    // A map iterates in order of insertion: moving to the end marks it as used.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: Value, bytes: number): void {
    this.delete(key);
    this.#entries.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.budget || oldest === key) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#bytes -= entry.bytes;
    this.#entries.delete(key);
  }

  deleteWhere(isStale: (key: string) => boolean): void {
    for (const key of [...this.#entries.keys()]) if (isStale(key)) this.delete(key);
  }
}
