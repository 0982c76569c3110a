import type { IpcMainInvokeEvent, WebContents } from "electron";
import { AppError, toErrorData } from "../core/errors.js";
import type { Router } from "../host/router.js";
import { EVENT_CHANNEL, INVOKE_CHANNEL } from "../shared/bridge.js";
import type { Envelope } from "../shared/envelope.js";
import { eventSchemas, type Topic } from "../shared/events.js";
import type { Transport } from "../shared/transport.js";
import { APP_ORIGIN } from "./app-protocol.js";
import type { ElectronApi } from "./electron-api.js";

/** Lets the app's page, and nothing else, call the router. */
export function registerCalls(ipcMain: ElectronApi["ipcMain"], router: Router): void {
  ipcMain.handle(
    INVOKE_CHANNEL,
    async (event: IpcMainInvokeEvent, ...args: readonly unknown[]): Promise<Envelope> => {
      if (!isFromOurPage(event)) return refused();
      const [method, request] = args;
      return router(method, request);
    },
  );
}

/**
 * True for the top frame of a page of ours. A frame that is gone has no sender; embedded frames and
 * foreign origins should not exist at all, and would have got past the navigation lock.
 */
function isFromOurPage({ sender, senderFrame }: IpcMainInvokeEvent): boolean {
  if (senderFrame === null || senderFrame.parent !== null) return false;
  return senderFrame === sender.mainFrame && senderFrame.origin === APP_ORIGIN;
}

function refused(): Envelope {
  const error = new AppError(
    "REQUEST_UNAUTHORISED",
    "Expected a call from the app's own page but it came from elsewhere; it was ignored.",
  );
  return { ok: false, error: toErrorData(error) };
}

/** Passes every event of a source on to the page. Returns how to stop. */
export function forwardEvents(
  source: Pick<Transport, "subscribe">,
  page: () => WebContents | null,
): () => void {
  // Proof of the cast: these are the table's own keys.
  const stops = (Object.keys(eventSchemas) as Topic[]).map((topic) =>
    source.subscribe(topic, (payload) => page()?.send(EVENT_CHANNEL, topic, payload)),
  );
  return () => {
    for (const stop of stops) stop();
  };
}
