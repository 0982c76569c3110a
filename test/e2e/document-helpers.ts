import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { fromBuffer, type Entry, type ZipFile } from "yauzl";

/** A machine that does much else is slow: what comes at all has half a minute to come. */
export function eventually<T>(read: () => T | Promise<T>, { timeout = 30_000 } = {}) {
  return expect.poll(read, { timeout });
}

/** Violations of the accessibility rules, one line each. */
export async function axeViolations(page: Page): Promise<string[]> {
  // A tooltip under the pointer is no part of the screen that is looked at.
  await page.mouse.move(0, 0);
  await page.locator(".tooltip-layer").waitFor({ state: "detached" });
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

/** Names of the open pictures in the order of their tabs. */
export function tabNames(page: Page): Promise<string[]> {
  return page.locator("nav li .text").allInnerTexts();
}

export async function waitForPicture(page: Page): Promise<void> {
  await page.locator(".canvas > .frame").waitFor();
}

/** Opens files by the browser's dialog. */
export async function openPictures(page: Page, paths: readonly string[]): Promise<void> {
  const [chooser] = await Promise.all([
    page.waitForEvent("filechooser"),
    page.getByRole("button", { name: "Open", exact: true }).click(),
  ]);
  await chooser.setFiles([...paths]);
}

/** A file to drop: a path, or invented bytes under a name. */
export type DroppedFile = string | { readonly name: string; readonly bytes: Uint8Array };

/** Drops files on the window, as a hand does from another one. */
export async function dropFiles(page: Page, files: readonly DroppedFile[]): Promise<void> {
  const contents = await Promise.all(
    files.map(async (file) =>
      typeof file === "string"
        ? { name: basename(file), base64: (await readFile(file)).toString("base64") }
        : { name: file.name, base64: Buffer.from(file.bytes).toString("base64") },
    ),
  );
  await page.evaluate((dropped) => {
    const dataTransfer = new DataTransfer();
    for (const { name, base64 } of dropped) {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      dataTransfer.items.add(new File([bytes], name));
    }
    for (const type of ["dragenter", "dragover", "drop"]) {
      document.body.dispatchEvent(
        new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }),
      );
    }
  }, contents);
}

/** The files of a zip by name, in their order. */
export async function unzip(bytes: Buffer): Promise<Map<string, Buffer>> {
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    fromBuffer(bytes, { lazyEntries: true }, (error, file) =>
      error ? reject(error) : resolve(file),
    );
  });
  const files = new Map<string, Buffer>();
  await new Promise<void>((resolve, reject) => {
    zip.on("end", resolve);
    zip.on("error", reject);
    zip.on("entry", (entry: Entry) => {
      zip.openReadStream(entry, (error, stream) => {
        if (error) return reject(error);
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          files.set(entry.fileName, Buffer.concat(chunks));
          zip.readEntry();
        });
      });
    });
    zip.readEntry();
  });
  return files;
}
