import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { z } from "zod";

/*
 * parity.json names, for each row of the table of features that people expect of such an editor, the
 * tests that show it ("file > title"), or says why the app does not have it.
 */

const projectRoot = resolve(import.meta.dirname, "../..");
const ROWS = 90;

const rowSchema = z.union([
  z.strictObject({
    feature: z.string().min(1),
    tests: z.array(z.string().regex(/^(?:src|test)\/\S+\.test\.ts > ./)).min(1),
    /** What is only half there. */
    note: z.string().min(1).optional(),
  }),
  z.strictObject({ feature: z.string().min(1), missing: z.string().min(1) }),
]);
const rows = z
  .record(z.string().regex(/^[1-9]\d*$/), rowSchema)
  .parse(JSON.parse(readFileSync(resolve(projectRoot, "test/parity.json"), "utf8")));

/** Titles of the tests in a file that run: what is given to `it` or `test`, and not skipped for good. */
function titlesOf(file: string): ReadonlySet<string> {
  const text = readFileSync(resolve(projectRoot, file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const titles = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const [title] = node.arguments;
      const callee = node.expression.getText(source);
      const isTest = /^(?:it|test)\b/.test(callee) && !/\.(?:skip|todo|fails)\b/.test(callee);
      if (isTest && title && ts.isStringLiteralLike(title)) titles.add(title.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return titles;
}

describe("the table of features", () => {
  it("has an entry for each of its rows and for nothing else", () => {
    const expected = Array.from({ length: ROWS }, (_, index) => String(index + 1));
    expect(Object.keys(rows)).toEqual(expected);
  });

  it("names tests that are there", () => {
    const named = Object.entries(rows).flatMap(([row, entry]) =>
      "tests" in entry ? entry.tests.map((test) => ({ row, test })) : [],
    );
    const files = new Map<string, ReadonlySet<string>>();
    const missing = named.filter(({ test }) => {
      const [file = "", title = ""] = test.split(" > ", 2);
      if (!existsSync(resolve(projectRoot, file))) return true;
      const titles = files.get(file) ?? titlesOf(file);
      files.set(file, titles);
      return !titles.has(title);
    });
    expect(missing).toEqual([]);
    // And the search can fail.
    expect(titlesOf("test/project/parity.test.ts").has("is not there")).toBe(false);
  });
});
