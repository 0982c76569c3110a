import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import spdx from "spdx-license-list/full.js";
import type { InstalledPackage } from "./shipped-packages";

const LICENCE_FILE = /^(?:licen[cs]e|copying|notice|third.?party)/i;
const LINE = "-".repeat(80);

/** All licences as one text: a list of names, then each text once with everything under it. */
export function licencesText(root: string, packages: readonly InstalledPackage[]): string {
  const byText = new Map<string, InstalledPackage[]>();
  for (const item of packages) {
    const text = licenceOf(root, item);
    byText.set(text, [...(byText.get(text) ?? []), item]);
  }
  const list = packages.map(({ name, version, licence }) => `${name} ${version} (${licence})`);
  const texts = [...byText].map(([text, items]) => {
    const names = items.map(({ name, version }) => `${name} ${version}`).join(", ");
    return `${LINE}\n${names}\n${LINE}\n\n${text}\n`;
  });
  const own = readFileSync(join(root, "LICENSE"), "utf8").trim();
  return [
    `Spectral Studio\n\n${own}\n`,
    `Spectral Studio contains the following programs.\n\n${list.join("\n")}\n`,
    "The desktop program also contains Chromium; its licences lie beside the program in\nLICENSES.chromium.html. Models state their own licences in the settings.\n",
    ...texts,
  ].join("\n");
}

/** The package's own files, or the licence's standard text where it has none. */
function licenceOf(root: string, { name, licence, folder }: InstalledPackage): string {
  const path = join(root, folder);
  const files = readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isFile() && LICENCE_FILE.test(entry.name))
    .map((entry) => readFileSync(join(path, entry.name), "utf8").trim());
  if (files.length > 0) return files.join("\n\n");
  const standard = Object.hasOwn(spdx, licence) ? spdx[licence]?.licenseText : undefined;
  if (standard !== undefined) return standard.trim();
  throw new Error(
    `Expected a licence file or an SPDX identifier of ${name} but got "${licence}"; do not ship it before that is clear.`,
  );
}
