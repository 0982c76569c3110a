import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "svelte/compiler";
import { describe, expect, it } from "vitest";

const folder = join(import.meta.dirname, "../../src/renderer");
/** Attributes that people read or hear. */
const SPOKEN = [
  "aria-label",
  "aria-description",
  "aria-valuetext",
  "alt",
  "label",
  "placeholder",
  "title",
  "tip",
];
/** Letters of any script; signs such as × need no translation. */
const LETTERS = /\p{L}/u;

const components = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
  path.endsWith(".svelte"),
);

interface TemplateNode {
  readonly type: string;
  readonly name?: unknown;
  readonly data?: unknown;
  readonly value?: unknown;
  readonly expression?: unknown;
}

/** Every text of a template that does not come from the catalogue. */
function literalsOf(path: string): string[] {
  const { fragment } = parse(readFileSync(join(folder, path), "utf8"), { modern: true });
  const found: string[] = [];
  visit(fragment, (node) => {
    const text = textOf(node);
    if (LETTERS.test(text)) found.push(`${path}: ${text.trim()}`);
  });
  return found;
}

/** What a node says by itself: text between tags, a string in braces, a spoken attribute. */
function textOf(node: TemplateNode): string {
  if (node.type === "Text") return String(node.data);
  if (node.type === "ExpressionTag") return stringOf(node.expression);
  if (node.type !== "Attribute" || !SPOKEN.includes(String(node.name))) return "";
  const parts = Array.isArray(node.value) ? node.value : [node.value];
  return parts.map((part) => (isNode(part) ? textOf(part) : "")).join("");
}

function stringOf(expression: unknown): string {
  const isString = isNode(expression) && expression.type === "Literal";
  return isString && typeof expression.value === "string" ? expression.value : "";
}

function isNode(value: unknown): value is TemplateNode {
  return typeof value === "object" && value !== null && "type" in value;
}

function visit(value: unknown, look: (node: TemplateNode) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, look);
  if (typeof value !== "object" || value === null) return;
  if (isNode(value)) look(value);
  // An attribute's parts are looked at with it; scripts and styles are not part of the fragment.
  if (isNode(value) && value.type === "Attribute") return;
  for (const [key, next] of Object.entries(value)) if (key !== "parent") visit(next, look);
}

describe("templates", () => {
  it("are found", () => {
    expect(components.length).toBeGreaterThan(30);
  });

  it("take every text from the catalogue", () => {
    expect(components.flatMap(literalsOf)).toEqual([]);
  });
});
