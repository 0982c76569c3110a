import type { MenuItemConstructorOptions } from "electron";
import type { Menu, MenuItem } from "../shared/menu.js";

export interface MenuSurroundings {
  readonly platform: NodeJS.Platform;
  readonly isPackaged: boolean;
}

/** The menu until the page has told its own: what the system does by itself. */
export function firstMenu(surroundings: MenuSurroundings): MenuItemConstructorOptions[] {
  return [
    ...appMenu(surroundings),
    { role: "fileMenu" },
    { role: "editMenu" },
    ...developerMenu(surroundings),
  ];
}

/** The page's menu for Electron. Commands go to the page, which knows what they mean at the moment. */
export function menuTemplate(
  { menus }: Menu,
  surroundings: MenuSurroundings,
  onCommand: (command: string) => void,
): MenuItemConstructorOptions[] {
  return [
    ...appMenu(surroundings),
    ...menus.map(({ label, items }) => ({
      label: plain(label),
      submenu: items.map((item) => menuItem(item, onCommand)),
    })),
    ...developerMenu(surroundings),
  ];
}

function menuItem(
  item: MenuItem,
  onCommand: (command: string) => void,
): MenuItemConstructorOptions {
  switch (item.kind) {
    case "separator":
      return { type: "separator" };
    case "role":
      return { role: item.role, label: plain(item.label) };
    case "command":
      return {
        label: plain(item.label),
        enabled: item.isEnabled,
        // The page listens to the same keys and knows when they belong to a text field.
        registerAccelerator: false,
        ...(item.accelerator === null ? {} : { accelerator: item.accelerator }),
        ...(item.isOn === null ? {} : { type: "checkbox" as const, checked: item.isOn }),
        click: () => onCommand(item.command),
      };
  }
}

/** Electron takes an ampersand for the letter to underline. */
function plain(label: string): string {
  return label.replaceAll("&", "&&");
}

/** Every program of a Mac has this menu first. */
function appMenu({ platform }: MenuSurroundings): MenuItemConstructorOptions[] {
  return platform === "darwin" ? [{ role: "appMenu" }] : [];
}

function developerMenu({ isPackaged }: MenuSurroundings): MenuItemConstructorOptions[] {
  return isPackaged ? [] : [{ label: "Developer", submenu: [{ role: "toggleDevTools" }] }];
}
