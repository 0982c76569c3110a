/**
 * The page's content security policy demands Trusted Types. Konva empties its container by assigning
 * an empty string to `innerHTML`; this default policy allows exactly that and no markup at all.
 * It has to be imported before anything else.
 */
interface TrustedTypesWindow {
  readonly trustedTypes?: {
    createPolicy(name: string, rules: { createHTML(html: string): string | null }): unknown;
  };
}

// Proof of the cast: the property is optional in the interface, as it is in browsers.
const { trustedTypes } = window as TrustedTypesWindow;
trustedTypes?.createPolicy("default", { createHTML: (html) => (html === "" ? "" : null) });

export {};
