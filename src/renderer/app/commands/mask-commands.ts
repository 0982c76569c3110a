import { RESHAPES, type Reshape } from "../../../core/mask/reshape.js";
import { MASK_COLOURS, MASK_STYLES } from "../../../shared/settings.js";
import { exportMask, importMask, maskFromAlpha } from "../../mask/mask-actions.js";
import { messages } from "../../text/messages.js";
import type { Editor } from "../editor.svelte.js";
import { canDraw, type CommandTable } from "./command.js";

const canChange = (editor: Editor) => canDraw(editor) && editor.usesMask && !editor.mask.isBusy;
const hasMask = (editor: Editor) => canChange(editor) && !editor.mask.isEmpty;

function reshape(kind: Reshape) {
  return {
    text: () => messages.mask.reshape[kind],
    group: "mask",
    section: 1,
    isEnabled: hasMask,
    run: (editor: Editor) => void editor.mask.reshape(kind, editor.tools.reshapePx),
  } as const;
}

/** The member of a list that comes after one, and after the last the first. */
function after<Item>(list: readonly Item[], item: Item): Item {
  return list[(list.indexOf(item) + 1) % list.length] ?? item;
}

const [grow, shrink, feather] = RESHAPES;

/** What changes the mask as a whole. */
export const maskCommands = {
  selectAll: {
    text: () => messages.tools.selectAll,
    group: "mask",
    keys: ["Ctrl+KeyA"],
    isEnabled: canChange,
    run: (editor) => editor.mask.selectAll(),
  },
  clearMask: {
    text: () => messages.tools.clear,
    group: "mask",
    keys: ["Ctrl+KeyD"],
    isEnabled: hasMask,
    run: (editor) => editor.mask.clear(),
  },
  invertMask: {
    text: () => messages.tools.invert,
    group: "mask",
    keys: ["Ctrl+KeyI"],
    isEnabled: canChange,
    run: (editor) => editor.mask.invert(),
  },
  growMask: { ...reshape(grow), keys: ["Alt+BracketRight"] },
  shrinkMask: { ...reshape(shrink), keys: ["Alt+BracketLeft"] },
  featherMask: { ...reshape(feather), keys: ["Shift+F6"] },
  toggleMask: {
    text: () => messages.mask.show,
    group: "mask",
    section: 2,
    keys: ["KeyQ"],
    isOn: (editor) => editor.mask.isVisible,
    isEnabled: hasMask,
    run: (editor) => {
      editor.mask.isVisible = !editor.mask.isVisible;
    },
  },
  nextMaskColour: {
    text: () => messages.mask.colourLabel,
    group: "mask",
    section: 2,
    keys: ["Shift+KeyQ"],
    run: (editor) => {
      const { canvas } = editor.preferences.current;
      const maskColour = after(MASK_COLOURS, canvas.maskColour);
      void editor.preferences.update({ canvas: { ...canvas, maskStyle: "tint", maskColour } });
    },
  },
  maskOutline: {
    text: () => messages.mask.antsCommand,
    group: "mask",
    section: 2,
    isOn: (editor) => editor.preferences.current.canvas.maskStyle === "ants",
    run: (editor) => {
      const { canvas } = editor.preferences.current;
      const maskStyle = after(MASK_STYLES, canvas.maskStyle);
      void editor.preferences.update({ canvas: { ...canvas, maskStyle } });
    },
  },
  importMask: {
    text: () => messages.mask.import,
    group: "mask",
    section: 3,
    isEnabled: canChange,
    run: (editor) => void importMask(editor),
  },
  maskFromAlpha: {
    text: () => messages.mask.fromAlpha,
    group: "mask",
    section: 3,
    isEnabled: (editor) => canChange(editor) && editor.document.info?.hasAlpha === true,
    run: (editor) => void maskFromAlpha(editor),
  },
  exportMask: {
    text: () => messages.mask.export,
    group: "mask",
    section: 3,
    isEnabled: (editor) => !editor.mask.isEmpty,
    run: (editor) => void exportMask(editor),
  },
} as const satisfies CommandTable;
