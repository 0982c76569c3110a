import { AppError } from "../core/errors.js";
import {
  createGetAppInfo,
  UPCOMING_METHODS,
  type HostIdentity,
  type Startup,
} from "../host/host-methods.js";
import type { EngineApi, HostApi } from "../shared/api.js";

/** What the loopback host answers itself: native dialogs are not among it. */
export function createLoopbackHostApi(
  identity: HostIdentity,
  engine: EngineApi,
  startup: Promise<Startup>,
): HostApi {
  const refuse = async (): Promise<never> => {
    throw new AppError(
      "NOT_AVAILABLE",
      "Expected a native dialog but a browser tab has none; use the page's own file button.",
    );
  };
  return {
    getAppInfo: createGetAppInfo(identity, engine, startup),
    openDocumentDialog: refuse,
    saveDocumentDialog: refuse,
    ...UPCOMING_METHODS,
  };
}
