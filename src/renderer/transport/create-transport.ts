import { BRIDGE_NAME, type StudioBridge } from "../../shared/bridge.js";
import type { Transport } from "../../shared/transport.js";
import { createElectronTransport } from "./electron.js";
import { createLoopbackTransport } from "./loopback.js";

/** The transport to whichever host shows this page: Electron if its bridge is there. */
export function createTransport(): Transport {
  const bridge = (window as BridgeWindow)[BRIDGE_NAME];
  return bridge ? createElectronTransport(bridge) : createLoopbackTransport(window);
}

/** Proof of the cast above: the property is optional, and only our preload script defines it. */
type BridgeWindow = Window & { readonly [BRIDGE_NAME]?: StudioBridge };
