import { appCommands } from "./app-commands.js";
import { COMMAND_GROUPS, type Command, type CommandGroup } from "./command.js";
import { editCommands } from "./edit-commands.js";
import { fileCommands } from "./file-commands.js";
import { maskCommands } from "./mask-commands.js";
import { pictureCommands } from "./picture-commands.js";
import { toolCommands } from "./tool-commands.js";
import { viewCommands } from "./view-commands.js";

const table = {
  ...fileCommands,
  ...editCommands,
  ...viewCommands,
  ...toolCommands,
  ...maskCommands,
  ...pictureCommands,
  ...appCommands,
} as const;

export type CommandId = keyof typeof table;

/** The table of all commands; see {@link Command} for how to add one. */
export const COMMANDS: Readonly<Record<CommandId, Command>> = table;

/** All ids, in the order of menus. */
// Proof of the cast: these are the table's own keys.
export const COMMAND_IDS = Object.keys(COMMANDS) as readonly CommandId[];

/** True for the id of a command; saved shortcuts may name one of another version. */
export function isCommandId(value: string): value is CommandId {
  return Object.hasOwn(COMMANDS, value);
}

/** The commands of each group. */
export function commandsByGroup(): readonly {
  readonly group: CommandGroup;
  readonly ids: readonly CommandId[];
}[] {
  return COMMAND_GROUPS.map((group) => ({
    group,
    ids: COMMAND_IDS.filter((id) => COMMANDS[id].group === group),
  }));
}
