import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../project";
import { licencesText } from "./licences-text";
import { importedPackages, shippedPackages } from "./shipped-packages";

const packages = shippedPackages(projectRoot);
/** Licences that let us ship the package with a program of another licence. */
const PERMITTED = /^(?:MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|LGPL-3\.0-or-later)$/;

describe("licences of what ships", () => {
  it("cover what the sources import and everything below that", () => {
    const names = packages.map(({ name }) => name);
    for (const name of importedPackages(join(projectRoot, "src"))) expect(names).toContain(name);
    expect(names).toEqual(expect.arrayContaining(["onnxruntime-common", "electron", "konva"]));
    expect(names.some((name) => name.startsWith("@img/sharp-libvips-"))).toBe(true);
    expect(names).not.toContain("vitest");
  });

  it("are all of a permitted kind", () => {
    const others = packages.filter(({ licence, folder }) => {
      if (licence !== "see its text")
        return !/[\w.-]+/g.exec(licence)?.some((one) => PERMITTED.test(one));
      return !readFileSync(join(projectRoot, folder, "LICENSE"), "utf8").startsWith("MIT License");
    });
    expect(others.map(({ name, licence }) => `${name}: ${licence}`)).toEqual([]);
  });

  it("name every package with its version, and hold each package's own text", () => {
    const text = licencesText(projectRoot, packages);
    for (const { name, version } of packages) expect(text).toContain(`${name} ${version}`);
    const konva = readFileSync(join(projectRoot, "node_modules/konva/LICENSE"), "utf8").trim();
    expect(text).toContain(konva);
    expect(text.length).toBeLessThan(4_000_000);
    expect(text).not.toContain(projectRoot);
  });
});
