import { appTexts } from "./english/app.js";
import { canvasTexts } from "./english/canvas.js";
import { errorTexts } from "./english/errors.js";
import { filesTexts } from "./english/files.js";
import { frameTexts } from "./english/frame.js";
import { jobsTexts } from "./english/jobs.js";
import { panelsTexts } from "./english/panels.js";
import { localised } from "./localised.js";

/**
 * Every text of the screen in English; one file an area lies in `english/`. Sentences with values in
 * them are functions, since word order differs between languages. The other languages lie in
 * `catalogues/`, where a function is an ICU message with its arguments as `{0}`, `{1}`; a test tells
 * what they lack, and until then English stands in.
 */
export const english = {
  /** Which way the language is written: `ltr` or `rtl`. */
  direction: "ltr",
  product: "Spectral Studio",
  untitled: "Untitled",
  close: "Close",
  cancel: "Cancel",
  ...frameTexts,
  ...appTexts,
  ...canvasTexts,
  ...panelsTexts,
  ...jobsTexts,
  ...filesTexts,
  ...errorTexts,
} as const;

/** The texts in the language of now; see {@link localised}. */
export const messages = localised(english);
