import { readdirSync, type Dirent } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { AppError } from "../core/errors.js";
import { SECURITY_HEADERS } from "./security-headers.js";

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

/** An answer to a request for a file. */
export interface StaticReply {
  readonly status: 200 | 404 | 405;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Answers for a method and the path part of an address, undecoded, such as `/assets/index.js`. */
export type StaticFiles = (method: string, path: string) => Promise<StaticReply>;

/**
 * Serves the built page of `rootDir`: exactly the files that are there when this is called, by exact
 * name. No path is ever put together from a request, so `..`, `%2e`, backslashes, NUL and links out
 * of the folder cannot reach anything: they are not in the list.
 * @throws AppError NOT_AVAILABLE if the folder cannot be read
 */
export function createStaticFiles(rootDir: string): StaticFiles {
  const files = listFiles(rootDir);
  return async (method, path) => {
    if (method !== "GET") return textReply(405, "Expected GET.", { Allow: "GET" });
    const file = files.get(path === "/" ? "/index.html" : path);
    if (file === undefined) return textReply(404, "There is no such file.");
    const body = new Uint8Array(await readFile(file));
    return { status: 200, headers: fileHeaders(path, file), body };
  };
}

/** Address path -> file, for every regular file below the folder; links are left out. */
function listFiles(rootDir: string): ReadonlyMap<string, string> {
  const names = namesBelow(rootDir, []);
  return new Map(
    names.map((parts) => [`/${parts.map(encodeURIComponent).join("/")}`, join(rootDir, ...parts)]),
  );
}

/** Walks by itself: Electron's archive of the app does not know `readdir`'s `recursive`. */
function namesBelow(rootDir: string, folder: readonly string[]): string[][] {
  return readFolder(join(rootDir, ...folder)).flatMap((entry) => {
    const parts = [...folder, entry.name];
    if (entry.isDirectory()) return namesBelow(rootDir, parts);
    return entry.isFile() ? [parts] : [];
  });
}

function readFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw new AppError(
      "NOT_AVAILABLE",
      `Expected the built page in ${folder} but it cannot be read; run \`npm run build\` first.`,
      { folder },
      { cause: error },
    );
  }
}

function fileHeaders(path: string, file: string): Record<string, string> {
  return {
    ...SECURITY_HEADERS,
    "Content-Type": MEDIA_TYPES[extname(file)] ?? "application/octet-stream",
    // Built files carry a hash of their content in their names; the page itself does not.
    "Cache-Control": path.startsWith("/assets/") ? "max-age=31536000, immutable" : "no-store",
  };
}

function textReply(
  status: 404 | 405,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): StaticReply {
  return {
    status,
    headers: {
      ...SECURITY_HEADERS,
      "Content-Type": "text/plain; charset=utf-8",
      "Cache-Control": "no-store",
      ...headers,
    },
    body: new TextEncoder().encode(text),
  };
}
