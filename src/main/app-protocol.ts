import type { CustomScheme } from "electron";
import type { StaticFiles } from "../host/static-files.js";

/** Pages are loaded from here and from nowhere else. */
export const APP_ORIGIN = "app://studio";
export const APP_PAGE = `${APP_ORIGIN}/`;
export const APP_SCHEME = "app";

/** Makes `app:` an origin like `https:`, without which scripts and the policy would not work. */
export const SCHEMES: CustomScheme[] = [
  { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
];

/**
 * Answers requests for `app://studio/...` with the built page's files and the security headers.
 * The path is used as the address spells it; see `createStaticFiles` for why that is safe.
 */
export function createProtocolHandler(files: StaticFiles): (request: Request) => Promise<Response> {
  return async (request) => {
    const { status, headers, body } = await files(request.method, pathOf(request.url));
    return new Response(body, { status, headers });
  };
}

/** The path after our origin, or one that no file has. */
function pathOf(url: string): string {
  if (!url.startsWith(APP_PAGE)) return "";
  return url.slice(APP_ORIGIN.length).split(/[?#]/, 1)[0] ?? "";
}
