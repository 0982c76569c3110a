import type { Page } from "playwright-core";

/** Visible controls that look as the browser makes them, wholly or in their own drawing. */
export async function browserLooks(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const properties = ["backgroundColor", "borderTopStyle", "borderRadius"] as const;
    const drawn =
      "[type=checkbox], [type=radio], [type=range], [type=color], [type=number], select";
    const isUntouched = (control: HTMLElement) => {
      const plain = document.createElement(control.tagName);
      plain.setAttribute("type", control.getAttribute("type") ?? "");
      // Set by script, since a strict policy allows no style attributes.
      plain.style.setProperty("all", "revert");
      control.after(plain);
      const [own, other] = [getComputedStyle(control), getComputedStyle(plain)];
      const isSame = properties.every((name) => own[name] === other[name]);
      const isDrawn = control.matches(drawn) && own.appearance === "auto";
      plain.remove();
      return isSame || isDrawn;
    };
    return [
      ...document.querySelectorAll<HTMLElement>("button, input, select, textarea, progress, meter"),
    ]
      .filter((control) => {
        const { width, height } = control.getBoundingClientRect();
        return control.checkVisibility({ opacityProperty: true }) && width > 2 && height > 2;
      })
      .filter(isUntouched)
      .map((control) => control.outerHTML.slice(0, 120));
  });
}
