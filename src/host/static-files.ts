import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
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
  const entries = readdirSync(rootDir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const path = file.slice(join(rootDir, "/").length).replaceAll("\\", "/");
      return [`/${path.split("/").map(encodeURIComponent).join("/")}`, file];
    }),
  );
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
