import { describe, expect, it } from "vitest";
import { LoudTransport, type LoudHandlers } from "../../../test/fixtures/loud-transport.js";
import { documentInfo } from "../../../test/fixtures/screen-data.js";
import { quietPlatform } from "../../../test/fixtures/screen-platform.js";
import { AppError } from "../../core/errors.js";
import type { Draft } from "../../shared/drafts.js";
import { createApiClient } from "../../shared/client.js";
import { ToolSettings } from "../mask/tool-settings.svelte.js";
import { DraftKeeper } from "./draft-keeper.js";
import { Workspace } from "./workspace.svelte.js";

function setUp(handlers: LoudHandlers = {}) {
  const due: (() => void)[] = [];
  const timer = (run: () => void) => {
    due.push(run);
    return () => void due.splice(due.indexOf(run), 1);
  };
  const errors: unknown[] = [];
  const transport = new LoudTransport({ keepDraft: () => ({}), ...handlers });
  const api = createApiClient(transport);
  const tools = new ToolSettings();
  const makeTab = () => {
    const platform = quietPlatform({ timer, randomSeed: () => 7 });
    const tab = new Workspace({ api, platform, tools, model: null, onError: () => undefined });
    tab.adopt(documentInfo());
    return tab;
  };
  const keeper = new DraftKeeper(api, timer, (error) => errors.push(error));
  const rest = async () => {
    for (const run of due.splice(0)) run();
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return { keeper, transport, errors, makeTab, rest };
}

describe("draft keeper", () => {
  it("keeps what was begun once it rests, and an untouched picture not at all", async () => {
    const { keeper, transport, makeTab, rest } = setUp();
    const tab = makeTab();
    keeper.note(tab);
    await rest();
    expect(transport.methods).toEqual([]);
    tab.settings.prompt = "a red b";
    keeper.note(tab);
    tab.settings.prompt = "a red bench";
    tab.mask.paintRectangle({ x: 2, y: 3, width: 4, height: 5 }, "add");
    keeper.note(tab);
    await rest();
    expect(transport.methods).toEqual(["keepDraft"]);
    const { draft } = transport.lastRequest("keepDraft");
    expect(draft.settings.prompt).toBe("a red bench");
    expect(draft.mask?.packed.rect).toEqual({ x: 2, y: 3, width: 4, height: 5 });
  });

  it("gives another page everything back, but nothing to undo", async () => {
    let kept: Draft | null = null;
    const { keeper, makeTab, rest } = setUp({
      keepDraft: ({ draft }) => {
        kept = draft;
        return {};
      },
      readDraft: () => ({ draft: kept }),
    });
    const before = makeTab();
    keeper.note(before);
    before.mode = "remove";
    before.settings.typeSeed("42");
    before.settings.variations = 4;
    before.mask.chosenFeather = 9;
    before.mask.paintEllipse({ x: 1, y: 1, width: 9, height: 6 }, "add");
    keeper.note(before);
    await rest();
    const after = makeTab();
    await keeper.restore(after);
    expect(after.toDraft()).toEqual(before.toDraft());
    expect(after.mask.canUndo).toBe(false);
  });

  it("leaves out a mask of a picture that has another size by now", async () => {
    const { keeper, makeTab, errors } = setUp({
      readDraft: () => {
        const other = makeTab();
        other.mask.reset({ width: 9000, height: 6000 });
        other.mask.selectAll();
        other.settings.prompt = "fog";
        return { draft: other.toDraft() };
      },
    });
    const tab = makeTab();
    await keeper.restore(tab);
    expect(tab.settings.prompt).toBe("fog");
    expect(tab.mask.isEmpty).toBe(true);
    expect(errors).toEqual([]);
  });

  it("tells of a full disk, waits for a new engine, and forgets closed pictures", async () => {
    const codes = ["DISK_FULL", "ENGINE_DIED", "DOCUMENT_UNKNOWN"] as const;
    let call = 0;
    const { keeper, transport, makeTab, rest, errors } = setUp({
      keepDraft: () => {
        throw new AppError(codes[call++] ?? "INTERNAL", "no");
      },
    });
    const tab = makeTab();
    keeper.note(tab);
    for (let count = 0; count < 2; count++) {
      keeper.note(tab);
      await rest();
    }
    expect(errors).toMatchObject([{ code: "DISK_FULL" }]);
    // The one that the dead engine did not take is tried again by itself.
    await rest();
    await rest();
    expect(transport.methods).toHaveLength(3);
    expect(errors).toHaveLength(1);
  });
});
