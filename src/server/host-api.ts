import { AppError } from "../core/errors.js";
import { createCommonMethods, type CommonParts } from "../host/common-methods.js";
import { createRecentMethods } from "../host/document-methods.js";
import { createGetAppInfo, type Startup } from "../host/host-methods.js";
import type { Recents } from "../host/recents.js";
import type { HostApi } from "../shared/api.js";

/** What the loopback host answers itself: native dialogs are not among it. */
export function createLoopbackHostApi(
  parts: CommonParts,
  recents: Recents,
  startup: Promise<Startup>,
): HostApi {
  const refuse = async (): Promise<never> => {
    throw new AppError(
      "NOT_AVAILABLE",
      "Expected a native dialog or menu but a browser tab has none; use the page's own buttons.",
    );
  };
  return {
    getAppInfo: createGetAppInfo(parts.identity, parts.engine, startup, parts.store),
    ...createCommonMethods(parts),
    setMenu: refuse,
    openDocumentDialog: refuse,
    saveDocumentDialog: refuse,
    chooseFolder: refuse,
    exportToFolder: refuse,
    ...createRecentMethods(parts.engine, recents),
  };
}
