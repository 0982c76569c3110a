import { failureLine, type Tally } from "./tally";

function countOf(attributes: string, name: string): number {
  const found = new RegExp(`\\b${name}="(\\d+)"`).exec(attributes);
  return found?.[1] === undefined ? 0 : Number(found[1]);
}

/**
 * Counts a JUnit report as pytest writes it: attributes of its `<testsuite>` elements. An error
 * outside of a test (a fixture, an import) counts as a failure.
 *
 * @throws when there is no `<testsuite>`, which means the report was cut off.
 */
export function readJunitReport(xml: string): Tally {
  const suites = [...xml.matchAll(/<testsuite\s([^>]*)>/g)].map(
    ([, attributes]) => attributes ?? "",
  );
  if (suites.length === 0) {
    throw new Error(
      `Expected a <testsuite> element in the JUnit report but got ${xml.length} characters without one; look at the output above.`,
    );
  }
  const total = (name: string) => suites.reduce((sum, suite) => sum + countOf(suite, name), 0);
  const failed = total("failures") + total("errors");
  const skipped = total("skipped");
  return { passed: total("tests") - failed - skipped, failed, skipped };
}

/** The failed tests of a report, a line each. */
export function failuresOfJunit(xml: string): string[] {
  const cases = xml.matchAll(/<testcase\s([^>]*[^/])>\s*<(?:failure|error)\s([^>]*)>/g);
  return [...cases].map(([, test = "", failure = ""]) =>
    failureLine(textOf(test, "classname"), textOf(test, "name"), textOf(failure, "message")),
  );
}

function textOf(attributes: string, name: string): string {
  const found = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  const plain = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&", "#10": "\n" };
  return found.replace(/&(lt|gt|quot|apos|amp|#10);/g, (_, key: keyof typeof plain) => plain[key]);
}
