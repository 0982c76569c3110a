import type { Settings } from "../../shared/settings.js";
import { language, resolveLanguage } from "./language.svelte.js";

/** Lets the page speak the language of a setting; a failure is reported and changes nothing. */
export async function speak(
  setting: Settings["language"],
  report: (error: unknown) => void,
): Promise<void> {
  try {
    await language.choose(resolveLanguage(setting, navigator.languages));
  } catch (error) {
    report(error);
  }
}
