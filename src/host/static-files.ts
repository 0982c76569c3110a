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
    if (method !== "GET" && method !== "HEAD") {
      return textReply(405, "Expected GET.", { Allow: "GET, HEAD" });
    }
    const file = files.get(path === "/" ? "/index.html" : path);
    if (file === undefined) return textReply(404, "There is no such file.");
    const body = method === "HEAD" ? new Uint8Array() : new Uint8Array(await readFile(file));
    return { status: 200, headers: fileHeaders(path, file), body };
  };
}

/** Address path -> file, for every regular file below the folder; links are left out. */
function listFiles(rootDir: string): ReadonlyMap<string, string> {
  const files = readFolder(rootDir).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const path = file.slice(join(rootDir, "/").length).replaceAll("\\", "/");
      return [`/${path.split("/").map(encodeURIComponent).join("/")}`, file];
    }),
  );
}

function readFolder(rootDir: string): Dirent[] {
  try {
    return readdirSync(rootDir, { recursive: true, withFileTypes: true });
  } catch (error) {
    throw new AppError(
      "NOT_AVAILABLE",
      `Expected the built page in ${rootDir} but it cannot be read; run \`npm run build\` first.`,
      { rootDir },
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
