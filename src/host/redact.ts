/** Extensions of what people open or save here; `onnx` and `json` for the parts of models. */
const EXTENSIONS =
  "png|jpe?g|webp|tiff?|avif|gif|heic|heif|bmp|psd|ora|svg|zip|onnx|json|safetensors|md|txt|log";

/**
 * A name with its extension and every word before it in the sentence: names have spaces, so where
 * one begins cannot be known, and saying too little is the mistake to make here.
 */
const FILE_NAME = new RegExp(`[^\\n:;]*\\.(?:${EXTENSIONS})(?![\\w])`, "giu");
/** From a slash, a drive or a share to the end of the line, for the same reason. */
const PATH = /(?:file:\/\/|[a-z]:[\\/]|\\\\|~?\/)(?=[^\s]).*$/gimu;

/** A line without any path or file name, for reports that people send to others. */
export function redact(line: string): string {
  return line.replace(PATH, "<path>").replace(FILE_NAME, "<file>");
}
