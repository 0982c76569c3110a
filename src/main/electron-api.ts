/**
 * The parts of Electron that this app uses, passed in as an argument: so every rule of the host is
 * tested without Electron's binary, against a recording fake of the same type.
 */
export type ElectronApi = Pick<
  typeof import("electron"),
  | "app"
  | "BrowserWindow"
  | "dialog"
  | "ipcMain"
  | "Menu"
  | "protocol"
  | "session"
  | "utilityProcess"
>;
