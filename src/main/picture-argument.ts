import { resolve } from "node:path";

/**
 * The picture that a command line names, as an absolute path, or null.
 *
 * @param argv the whole line: executable, then, unless packaged, the app's folder, then arguments
 * @param folder where the person stood
 */
export function pictureArgument(
  argv: readonly string[],
  isPackaged: boolean,
  folder: string,
): string | null {
  // Electron adds switches of its own anywhere, which all begin with a dash.
  const named = argv.slice(1).filter((argument) => !argument.startsWith("-"));
  const picture = named[isPackaged ? 0 : 1];
  return picture === undefined || picture === "" ? null : resolve(folder, picture);
}
