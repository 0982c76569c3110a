import { describe, expect, it } from "vitest";
import { LoudTransport } from "../../../test/fixtures/loud-transport.js";
import { documentInfo } from "../../../test/fixtures/screen-data.js";
import { quietPlatform } from "../../../test/fixtures/screen-platform.js";
import { createApiClient } from "../../shared/client.js";
import { documentIdSchema } from "../../shared/ids.js";
import { Workspace } from "../document/workspace.svelte.js";
import { ToolSettings } from "../mask/tool-settings.svelte.js";
import { Tabs } from "./tabs.svelte.js";

/** Tabs with pictures of these names. */
function setUp(...names: readonly string[]) {
  const api = createApiClient(new LoudTransport({}));
  const parts = { platform: quietPlatform(), tools: new ToolSettings(), model: null };
  const tabs = new Tabs(() => new Workspace({ api, ...parts, onError: () => undefined }));
  for (const name of names) {
    tabs.makeRoom().adopt(documentInfo({ name, documentId: documentIdSchema.parse(name) }));
  }
  const order = () => tabs.list.map(({ document }) => document.info?.name ?? "blank").join(" ");
  const shown = () => tabs.active.document.info?.name ?? "blank";
  const find = (name: string) => tabs.ofDocument(documentIdSchema.parse(name))!;
  return { tabs, order, shown, find };
}

describe("tabs", () => {
  it("begin with one that is blank, which the first picture takes", () => {
    expect(setUp().order()).toBe("blank");
    expect(setUp("a").order()).toBe("a");
  });

  it("put a new picture beside the shown one", () => {
    const { tabs, order, find } = setUp("a", "b", "c");
    tabs.show(find("a"));
    tabs.makeRoom().adopt(documentInfo({ name: "d", documentId: documentIdSchema.parse("d") }));
    expect(order()).toBe("a d b c");
  });

  it("go round in both directions", () => {
    const { tabs, shown } = setUp("a", "b", "c");
    tabs.step(1);
    expect(shown()).toBe("a");
    tabs.step(-1);
    expect(shown()).toBe("c");
    tabs.step(-1);
    expect(shown()).toBe("b");
  });

  it("move without changing what is shown, and not beyond the ends", () => {
    const { tabs, order, shown, find } = setUp("a", "b", "c");
    tabs.move(find("a"), 9);
    expect([order(), shown()]).toEqual(["b c a", "c"]);
    tabs.move(find("a"), -1);
    expect(order()).toBe("a b c");
  });

  it("show the right neighbour of a closed one, and a blank one in the end", () => {
    const { tabs, order, shown, find } = setUp("a", "b", "c");
    tabs.show(find("b"));
    tabs.remove(find("b"));
    expect(shown()).toBe("c");
    tabs.remove(find("c"));
    expect(shown()).toBe("a");
    tabs.remove(find("a"));
    expect([order(), shown()]).toEqual(["blank", "blank"]);
  });

  it("stay where they are when another one is closed", () => {
    const { tabs, shown, find } = setUp("a", "b", "c");
    tabs.remove(find("a"));
    expect(shown()).toBe("c");
  });
});
