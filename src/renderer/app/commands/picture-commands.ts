import type { Rect } from "../../../core/rect.js";
import type { Turn } from "../../../core/turn-raster.js";
import { messages } from "../../text/messages.js";
import type { Mode } from "../../document/workspace.svelte.js";
import { variationCount } from "../../job/job-state.js";
import type { Editor } from "../editor.svelte.js";
import { hasPicture, type CommandTable } from "./command.js";

const hasVariations = (editor: Editor) => {
  const { selected } = editor.job;
  return selected !== null && variationCount(selected.request) > 1;
};

/** Members that every command of a panel has. */
function panel(mode: Mode) {
  return {
    text: () => messages.panel.commands[mode],
    group: "picture",
    section: 1,
    isOn: (editor: Editor) => editor.mode === mode,
    run: (editor: Editor) => {
      editor.mode = mode;
    },
  } as const;
}

/** Members that every turn of the picture has. */
function turn(kind: Turn) {
  return {
    text: () => messages.frame.turns[kind],
    group: "picture",
    section: 5,
    isEnabled: (editor: Editor) => editor.history.canTransform,
    run: (editor: Editor) => void editor.history.transform(() => ({ kind: "turn", turn: kind })),
  } as const;
}

/** The part of the picture that a crop to the mask leaves, or null if that is all of it or nothing. */
function cropOf({ mask, usesMask, history }: Editor): Rect | null {
  const { bounds, size } = mask;
  if (!usesMask || mask.isBusy || !history.canTransform) return null;
  if (bounds === null || size === null) return null;
  return bounds.width < size.width || bounds.height < size.height ? bounds : null;
}

/** What is done with the picture as a whole or by the model. */
export const pictureCommands = {
  run: {
    text: () => messages.about.runOrKeep,
    group: "picture",
    keys: ["Enter", "Ctrl+Enter"],
    isEnabled: (editor) => editor.job.state.kind === "candidate" || editor.jobs.runBlocker === null,
    run: (editor) =>
      void (editor.job.state.kind === "candidate" ? editor.jobs.keep() : editor.jobs.run()),
  },
  cancel: {
    text: () => messages.about.cancelOrDiscard,
    group: "picture",
    keys: ["Escape"],
    inText: true,
    run: (editor) => void editor.jobs.cancel(),
  },
  panelEdit: { ...panel("edit"), keys: ["Alt+Digit1"] },
  panelRemove: { ...panel("remove"), keys: ["Alt+Digit2"] },
  panelExtend: { ...panel("extend"), keys: ["Alt+Digit3"] },
  panelGenerate: { ...panel("generate"), keys: ["Alt+Digit4"] },
  panelUpscale: { ...panel("upscale"), keys: ["Alt+Digit5"] },
  lockUp: {
    text: () => messages.ladder.lockUp,
    group: "picture",
    section: 2,
    keys: ["Alt+ArrowUp"],
    isEnabled: (editor) => editor.mode === "edit" && editor.ladder.frozenScales > 0,
    run: (editor) => editor.ladder.setFrozenScales(editor.ladder.frozenScales - 1),
  },
  lockDown: {
    text: () => messages.ladder.lockDown,
    group: "picture",
    section: 2,
    keys: ["Alt+ArrowDown"],
    isEnabled: (editor) =>
      editor.mode === "edit" &&
      editor.ladder.canLock &&
      editor.ladder.frozenScales < editor.ladder.rungs.length,
    run: (editor) => editor.ladder.setFrozenScales(editor.ladder.frozenScales + 1),
  },
  newSeed: {
    text: () => messages.edit.newSeed,
    group: "picture",
    section: 2,
    run: (editor) => editor.settings.rollSeed(),
  },
  previousVariation: {
    text: () => messages.accept.previous,
    group: "picture",
    section: 3,
    keys: ["Comma"],
    isEnabled: hasVariations,
    run: (editor) => editor.jobs.stepVariation(-1),
  },
  nextVariation: {
    text: () => messages.accept.next,
    group: "picture",
    section: 3,
    keys: ["Period"],
    isEnabled: hasVariations,
    run: (editor) => editor.jobs.stepVariation(1),
  },
  compareVariations: {
    text: () => messages.variations.compareCommand,
    group: "picture",
    section: 3,
    keys: ["KeyC"],
    isOn: (editor) => (editor.job.selected?.rival ?? null) !== null,
    isEnabled: (editor) => hasVariations(editor) && editor.job.state.kind === "candidate",
    run: (editor) => editor.jobs.toggleRival(),
  },
  tryAgain: {
    text: () => messages.accept.againTip,
    group: "picture",
    section: 3,
    keys: ["Shift+Enter"],
    isEnabled: (editor) => editor.job.state.kind === "candidate",
    run: (editor) => void editor.jobs.tryAgain(),
  },
  backToPicture: {
    text: () => messages.queue.backToPicture,
    group: "picture",
    section: 3,
    isEnabled: (editor) => editor.job.selected !== null && hasPicture(editor),
    run: (editor) => editor.lookAtPicture(),
  },
  previewUpscale: {
    text: () => messages.upscale.previewRun,
    group: "picture",
    section: 4,
    isEnabled: (editor) => editor.mode === "upscale" && hasPicture(editor),
    run: (editor) => void editor.jobs.previewUpscale(),
  },
  crop: {
    text: () => messages.frame.crop,
    group: "picture",
    section: 5,
    keys: ["Shift+KeyC"],
    isEnabled: (editor) => cropOf(editor) !== null,
    run: (editor) =>
      void editor.history.transform(() => {
        const rect = cropOf(editor);
        return rect === null ? null : { kind: "crop", rect };
      }),
  },
  turnLeft: { ...turn("left"), keys: ["Ctrl+BracketLeft"] },
  turnRight: { ...turn("right"), keys: ["Ctrl+BracketRight"] },
  turnHalf: turn("half"),
  mirror: turn("mirror"),
  flip: turn("flip"),
  showTour: {
    text: () => messages.ladder.help,
    group: "picture",
    section: 6,
    isEnabled: hasPicture,
    run: (editor) => {
      editor.mode = "edit";
      editor.tour.start();
    },
  },
} as const satisfies CommandTable;
