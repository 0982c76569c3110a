import type { Menu, MenuItem } from "../../shared/menu.js";
import { acceleratorOf } from "../app/chords.js";
import type { CommandGroup } from "../app/commands/command.js";
import { COMMANDS, commandsByGroup, type CommandId } from "../app/commands/table.js";
import type { Editor } from "../app/editor.svelte.js";
import { keymap } from "../app/keymap.svelte.js";
import { messages } from "../text/messages.js";

/** Entries of a menu, with a line between its sections. */
export type MenuEntry =
  { readonly kind: "line" } | { readonly kind: "command"; readonly id: CommandId };

/** The menus of the command table, in order; groups without commands for menus are left out. */
export function menuGroups(): readonly {
  readonly group: CommandGroup;
  readonly entries: readonly MenuEntry[];
}[] {
  return commandsByGroup()
    .map(({ group, ids }) => ({ group, entries: withLines(ids.filter(isForMenus)) }))
    .filter(({ entries }) => entries.length > 0);
}

/** What the system does by itself, at the end of these menus. */
const ROLES: Partial<Record<CommandGroup, readonly (keyof typeof messages.commands.roles)[]>> = {
  file: ["close", "quit"],
  edit: ["cut", "copy", "paste", "selectAll"],
  view: ["togglefullscreen", "minimize"],
};

/** The application's menu as it is at the moment, for a host that shows one. */
export function menuOf(editor: Editor): Menu {
  const { groups, roles } = messages.commands;
  return {
    menus: menuGroups().map(({ group, entries }) => {
      const own = ROLES[group] ?? [];
      const system = own.map((role): MenuItem => ({ kind: "role", role, label: roles[role] }));
      const line: readonly MenuItem[] = own.length > 0 ? [{ kind: "separator" }] : [];
      const items = [...entries.map((entry) => menuItem(editor, entry)), ...line, ...system];
      return { label: groups[group], items };
    }),
  };
}

function menuItem(editor: Editor, entry: MenuEntry): MenuItem {
  if (entry.kind === "line") return { kind: "separator" };
  const command = COMMANDS[entry.id];
  const chord = keymap.chordsOf(entry.id)[0];
  return {
    kind: "command",
    command: entry.id,
    label: command.text(),
    accelerator: chord === undefined ? null : acceleratorOf(chord),
    isEnabled: command.isEnabled?.(editor) ?? true,
    isOn: command.isOn?.(editor) ?? null,
  };
}

function isForMenus(id: CommandId): boolean {
  return COMMANDS[id].keysOnly !== true;
}

function withLines(ids: readonly CommandId[]): readonly MenuEntry[] {
  return ids.flatMap((id, index): MenuEntry[] => {
    const before = ids[index - 1];
    const section = (of: CommandId) => COMMANDS[of].section ?? 0;
    const isNewSection = before !== undefined && section(before) !== section(id);
    return isNewSection ? [{ kind: "line" }, { kind: "command", id }] : [{ kind: "command", id }];
  });
}
