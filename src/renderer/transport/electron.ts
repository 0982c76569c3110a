import type { StudioBridge } from "../../shared/bridge.js";
import { unwrapEnvelope } from "../../shared/envelope.js";
import type { Transport } from "../../shared/transport.js";

/** Reaches Electron's main process over the preload script's bridge. */
export function createElectronTransport(bridge: StudioBridge): Transport {
  return {
    invoke: async (method, request) => unwrapEnvelope(await bridge.invoke(method, request)),
    subscribe: (topic, listener) => bridge.subscribe(topic, listener),
  };
}
