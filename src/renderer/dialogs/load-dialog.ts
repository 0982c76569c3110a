import type { Component } from "svelte";
import type { OpenDialog } from "../app/dialogs.svelte.js";

/** A dialog takes what it needs from the editor. */
export type DialogComponent = Component;

type Kind = Exclude<OpenDialog["kind"], "none">;

/** Dialogs are files of their own, so that the first screen does not wait for what it does not show. */
const loaders: Readonly<Record<Kind, () => Promise<{ default: DialogComponent }>>> = {
  save: () => import("./SaveDialog.svelte"),
  unsaved: () => import("./UnsavedDialog.svelte"),
  unfinished: () => import("./UnfinishedDialog.svelte"),
  recovery: () => import("../recovery/RecoveryDialog.svelte"),
  batch: () => import("../batch/BatchWindow.svelte"),
  palette: () => import("../palette/CommandPalette.svelte"),
  settings: () => import("../settings/SettingsDialog.svelte"),
  shortcuts: () => import("../settings/ShortcutsDialog.svelte"),
  log: () => import("../settings/LogDialog.svelte"),
  licences: () => import("../settings/LicencesDialog.svelte"),
  about: () => import("./AboutDialog.svelte"),
};

/** @throws if the dialog's file cannot be read */
export async function loadDialog(kind: Kind): Promise<DialogComponent> {
  return (await loaders[kind]()).default;
}

/**
 * Reads one dialog after the other, so that each opens at once and nothing waits for them. One that
 * fails is read again, and told, when it is opened.
 */
export async function preloadDialogs(): Promise<void> {
  for (const load of Object.values(loaders)) await load().catch(() => undefined);
}
