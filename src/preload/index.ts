import { contextBridge, ipcRenderer } from "electron";
import { BRIDGE_NAME } from "../shared/bridge.js";
import { createBridge } from "./bridge.js";

contextBridge.exposeInMainWorld(BRIDGE_NAME, createBridge(ipcRenderer));
