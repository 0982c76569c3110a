import type { Session, WebContents } from "electron";
import { APP_ORIGIN, APP_PAGE, APP_SCHEME } from "./app-protocol.js";

/** The one thing that our page may do beyond drawing: copy to the clipboard. */
const ALLOWED_PERMISSION = "clipboard-sanitized-write";

/** What needs no network and no file: our own files, decoded pictures, the developer tools. */
const LOCAL_SCHEMES: readonly string[] = [`${APP_SCHEME}:`, "blob:", "data:", "devtools:"];

function schemeOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : "";
}

function isOurs(origin: string): boolean {
  return origin === APP_ORIGIN || origin.startsWith(APP_PAGE);
}

/** Refuses every permission, every device and every request that would leave the machine. */
export function lockSession(session: Session): void {
  session.setPermissionCheckHandler(
    (_contents, permission, origin) => permission === ALLOWED_PERMISSION && isOurs(origin),
  );
  session.setPermissionRequestHandler((_contents, permission, callback, { requestingUrl }) =>
    callback(permission === ALLOWED_PERMISSION && isOurs(requestingUrl)),
  );
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest(({ url }, callback) =>
    callback({ cancel: !LOCAL_SCHEMES.includes(schemeOf(url)) }),
  );
}

/** Keeps contents on the page that was loaded: no navigation, no windows, no embedded guests. */
export function lockContents(contents: WebContents): void {
  contents.on("will-navigate", (event) => event.preventDefault());
  contents.on("will-redirect", (event) => event.preventDefault());
  contents.on("will-frame-navigate", (event) => event.preventDefault());
  contents.on("will-attach-webview", (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: "deny" }));
}
