import Brush from "@lucide/svelte/icons/brush";
import Circle from "@lucide/svelte/icons/circle-dashed";
import Eraser from "@lucide/svelte/icons/eraser";
import Hand from "@lucide/svelte/icons/hand";
import Lasso from "@lucide/svelte/icons/lasso";
import Pentagon from "@lucide/svelte/icons/pentagon";
import SquareDashed from "@lucide/svelte/icons/square-dashed";
import Wand from "@lucide/svelte/icons/wand-sparkles";
import type { Component } from "svelte";
import type { Tool } from "../mask/tools.js";

type Icon = Component<{ size?: number | string; strokeWidth?: number | string }>;

/** The picture of each tool. */
export const TOOL_ICONS: Readonly<Record<Tool, Icon>> = {
  pan: Hand,
  brush: Brush,
  eraser: Eraser,
  rectangle: SquareDashed,
  ellipse: Circle,
  lasso: Lasso,
  polygon: Pentagon,
  wand: Wand,
};
