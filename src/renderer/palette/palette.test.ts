import { describe, expect, it } from "vitest";
import { LoudTransport } from "../../../test/fixtures/loud-transport.js";
import { appInfo } from "../../../test/fixtures/screen-data.js";
import { menuSchema } from "../../shared/menu.js";
import { COMMAND_IDS, COMMANDS } from "../app/commands/table.js";
import { Editor } from "../app/editor.svelte.js";
import type { Platform } from "../app/platform.js";
import { PaletteSearch } from "./palette-search.svelte.js";
import { menuGroups, menuOf } from "./menu-of.js";
import { wordScore } from "./word-score.js";

const platform: Platform = {
  timer: () => () => undefined,
  now: () => 0,
  randomSeed: () => 1,
  decodeTile: () => Promise.reject(new Error("no pictures here")),
  releaseTile: () => undefined,
  pickFile: async () => null,
  pickFiles: async () => [],
  download: () => undefined,
  copyPicture: async () => undefined,
};

describe("menus", () => {
  it("hold every command that is for menus once, and no line at an end or beside another", () => {
    const groups = menuGroups();
    const ids = groups.flatMap(({ entries }) =>
      entries.flatMap((entry) => (entry.kind === "command" ? [entry.id] : [])),
    );
    const forMenus = COMMAND_IDS.filter((id) => COMMANDS[id].keysOnly !== true);
    expect([...ids].sort()).toEqual([...forMenus].sort());
    for (const { entries } of groups) {
      const kinds = entries.map(({ kind }) => kind).join(" ");
      expect(kinds).not.toMatch(/^line|line$|line line/);
    }
  });

  it("tell the host what it accepts, with what is possible at the moment", () => {
    const editor = new Editor(new LoudTransport({ getAppInfo: () => appInfo }), platform);
    const menu = menuOf(editor);
    expect(menuSchema.parse(menu)).toEqual(menu);
    const items = menu.menus.flatMap((one) => one.items);
    const enabled = (command: string) =>
      items.some((item) => item.kind === "command" && item.command === command && item.isEnabled);
    expect(enabled("open")).toBe(true);
    expect(enabled("save")).toBe(false);
  });
});

describe("the palette", () => {
  const palette = () =>
    new PaletteSearch(new Editor(new LoudTransport({ getAppInfo: () => appInfo }), platform));

  it("offers what is possible now, and begins with what fits best", () => {
    const found = palette();
    expect(found.ids).toContain("open");
    expect(found.ids).not.toContain("save");
    expect(found.ids).not.toContain("palette");
    found.search = "high";
    expect(found.active).toBe("theme-high-contrast");
    found.search = "no such words";
    expect([found.active, found.ids]).toEqual([null, []]);
    found.move("next");
    expect(found.active).toBeNull();
  });

  it("moves round the ends, and forgets where it stood when other words are typed", () => {
    const found = palette();
    const first = found.active;
    found.move("previous");
    expect(found.active).toBe(found.ids.at(-1));
    found.move("next");
    expect(found.active).toBe(first);
    found.move("last");
    found.search = "theme";
    expect(found.active).toBe(found.ids[0]);
  });
});

describe("the palette's search", () => {
  it("takes words in any order, case and accent, and prefers the beginnings of words", () => {
    expect(wordScore("Zoom in", "")).toBe(1);
    expect(wordScore("Zoom in", "IN zo")).toBeGreaterThan(0);
    expect(wordScore("Masque inversé", "inverse")).toBeGreaterThan(0);
    expect(wordScore("Invert mask", "mask")).toBeGreaterThan(wordScore("Unmask", "mask"));
    expect(wordScore("マスクを反転", "反転")).toBeGreaterThan(0);
    expect(wordScore("Zoom in", "out")).toBe(0);
  });
});
