/** As far as it is used here: Chromium knows what the keyboard in use prints, other browsers do not. */
interface KeyboardNavigator {
  readonly keyboard?: { getLayoutMap(): Promise<Iterable<readonly [string, string]>> };
}

/** What each key prints, by its place; empty where the browser does not tell. Never rejects. */
export async function readPrintedKeys(): Promise<ReadonlyMap<string, string>> {
  // Proof of the cast: the property is optional in the interface, as it is in browsers.
  const { keyboard } = navigator as KeyboardNavigator;
  try {
    return new Map(await keyboard?.getLayoutMap());
  } catch {
    return new Map();
  }
}
