import type { Page } from "playwright-core";
import { eventually } from "./document-helpers";

/** Where the focus is, as a person would say it. */
export interface Focus {
  /** Its name as it is read aloud, or the page's own if nothing has the focus. */
  readonly name: string;
  /** True if it can be seen that the focus is there. */
  readonly isRinged: boolean;
}

const NOWHERE = "(nowhere)";
/** More controls than any screen has. */
const MOST_TABS = 90;

/** Nothing here moves the focus: it only looks where it is. */
export function focusOf(page: Page): Promise<Focus> {
  return page.evaluate((nowhere) => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement) || element === document.body) {
      return { name: nowhere, isRinged: false };
    }
    const isField = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement;
    const label = isField ? element.labels?.[0]?.textContent : element.textContent;
    const name = (element.ariaLabel ?? label ?? "").trim();
    // A ring is an outline, or two pixels of a shadow or border: of its own, over it or around its field.
    const looks = [
      getComputedStyle(element),
      getComputedStyle(element, "::after"),
      getComputedStyle(element.parentElement ?? element),
    ];
    const isRinged = looks.some((style, index) => {
      const isOutlined = style.outlineStyle === "solid" && parseFloat(style.outlineWidth) >= 2;
      const isFramed =
        index === 1 && style.content !== "none" && parseFloat(style.borderTopWidth) >= 2;
      const isShadowed = isField && /0px 0px 0px 2px/.test(style.boxShadow);
      return isOutlined || isFramed || isShadowed;
    });
    return { name, isRinged };
  }, NOWHERE);
}

/** The focus comes to rest on what has this name, and can be seen there. */
export async function expectFocus(page: Page, name: string | RegExp): Promise<void> {
  const isThere = (reached: string) =>
    typeof name === "string" ? reached === name : name.test(reached);
  // A ring may take a moment to grow.
  await eventually(async () => {
    const { name: reached, isRinged } = await focusOf(page);
    return [isThere(reached) ? name : reached, isRinged];
  }).toEqual([name, true]);
}

/** Goes on with Tab (or back) to what has this name; the focus can be seen on all of the way. */
export async function tabTo(
  page: Page,
  name: string | RegExp,
  key: "Tab" | "Shift+Tab" = "Tab",
): Promise<void> {
  const passed: string[] = [];
  for (let step = 0; step < MOST_TABS; step++) {
    await page.keyboard.press(key);
    const { name: reached } = await focusOf(page);
    passed.push(reached);
    // From the last control on, a browser's own bars come before the first one.
    if (reached === NOWHERE) continue;
    await expectFocus(page, reached);
    if (typeof name === "string" ? reached === name : name.test(reached)) return;
  }
  throw new Error(
    `Expected ${String(name)} among what Tab reaches but passed ${passed.join(", ")}`,
  );
}

/** Presses keys one after another; `["ArrowLeft", 4]` four times. */
export async function press(
  page: Page,
  ...keys: readonly (string | readonly [key: string, times: number])[]
): Promise<void> {
  for (const entry of keys) {
    const [key, times] = typeof entry === "string" ? [entry, 1] : entry;
    for (let time = 0; time < times; time++) await page.keyboard.press(key);
  }
}
