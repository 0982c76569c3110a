import type { MenuItemConstructorOptions } from "electron";
import type { MenuCommand } from "../shared/events.js";

/** The application's menu. Commands go to the page, which knows what they mean at the moment. */
export function menuTemplate(
  platform: NodeJS.Platform,
  isPackaged: boolean,
  onCommand: (command: MenuCommand) => void,
): MenuItemConstructorOptions[] {
  const item = (
    label: string,
    accelerator: string,
    command: MenuCommand,
  ): MenuItemConstructorOptions => ({
    label,
    accelerator,
    // The page listens to the same keys and knows when they belong to a text field.
    registerAccelerator: false,
    click: () => onCommand(command),
  });
  const separator: MenuItemConstructorOptions = { type: "separator" };
  const developer: MenuItemConstructorOptions[] = isPackaged
    ? []
    : [separator, { role: "toggleDevTools" }];
  return [
    ...(platform === "darwin" ? [{ role: "appMenu" } as const] : []),
    {
      label: "File",
      submenu: [
        item("Open…", "CmdOrCtrl+O", "open"),
        item("Save as…", "CmdOrCtrl+S", "save"),
        separator,
        { role: platform === "darwin" ? "close" : "quit" },
      ],
    },
    {
      label: "Edit",
      submenu: [
        item("Undo", "CmdOrCtrl+Z", "undo"),
        item("Redo", platform === "win32" ? "Ctrl+Y" : "Shift+CmdOrCtrl+Z", "redo"),
        separator,
        { role: "cut" },
        { role: "copy" },
        { role: "paste" },
        { role: "selectAll" },
      ],
    },
    {
      label: "View",
      submenu: [
        item("Zoom in", "CmdOrCtrl+Plus", "zoomIn"),
        item("Zoom out", "CmdOrCtrl+-", "zoomOut"),
        item("Fit to window", "CmdOrCtrl+0", "zoomFit"),
        item("Actual size", "CmdOrCtrl+1", "zoomActual"),
        separator,
        { role: "togglefullscreen" },
        ...developer,
      ],
    },
    { role: "windowMenu" },
  ];
}
