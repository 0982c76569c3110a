import { z } from "./zod.js";

const labelSchema = z.string().min(1).max(200);

/** What a system's menu does by itself. */
export const MENU_ROLES = [
  "cut",
  "copy",
  "paste",
  "selectAll",
  "togglefullscreen",
  "minimize",
  "close",
  "quit",
] as const;

export const menuItemSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("separator") }).readonly(),
  z.object({ kind: z.literal("role"), role: z.enum(MENU_ROLES), label: labelSchema }).readonly(),
  z
    .object({
      kind: z.literal("command"),
      /** The page's own name for it; comes back with `menu-command`. */
      command: z.string().min(1).max(64),
      label: labelSchema,
      /** As Electron writes shortcuts; shown only, since the page listens to the keys itself. */
      accelerator: z.string().max(64).nullable(),
      isEnabled: z.boolean(),
      /** For what is on or off; null for everything else. */
      isOn: z.boolean().nullable(),
    })
    .readonly(),
]);
export type MenuItem = z.infer<typeof menuItemSchema>;

/**
 * The application's menu. The page makes it: it alone knows the language, the person's shortcuts and
 * what is possible at the moment.
 */
export const menuSchema = z
  .object({
    menus: z
      .array(
        z
          .object({ label: labelSchema, items: z.array(menuItemSchema).max(60).readonly() })
          .readonly(),
      )
      .min(1)
      .max(16)
      .readonly(),
  })
  .readonly();
export type Menu = z.infer<typeof menuSchema>;
