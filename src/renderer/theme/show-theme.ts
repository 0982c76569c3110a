import type { Theme } from "../../shared/settings.js";

/** Lets the page show a theme; which colours that means is said in `styles/tokens.css`. */
export function showTheme(theme: Theme): void {
  const { dataset } = document.documentElement;
  if (theme === "system") delete dataset["theme"];
  else dataset["theme"] = theme;
}
