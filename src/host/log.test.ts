import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Log } from "./log.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spectral-log-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const now = () => new Date("2030-01-02T03:04:05Z");

describe("log", () => {
  it("has each line with its time, and the lines of an earlier run before them", () => {
    const path = join(folder, "new/studio.log");
    new Log({ path, now }).add("first run\r\ntwo lines\n\n");
    const echoed: string[] = [];
    const log = new Log({ path, now, echo: (line) => echoed.push(line) });
    log.add("second run");
    expect(log.lines).toEqual([
      "2030-01-02T03:04:05.000Z first run",
      "2030-01-02T03:04:05.000Z two lines",
      "2030-01-02T03:04:05.000Z second run",
    ]);
    expect(echoed).toEqual(["second run"]);
    expect(readFileSync(path, "utf8").trim().split("\n")).toEqual(log.lines);
  });

  it("forgets the oldest lines and cuts long ones", () => {
    const log = new Log({ path: null, now });
    for (let index = 0; index < 2_100; index++) log.add(`line ${index}`);
    log.add("x".repeat(9_999));
    expect(log.lines).toHaveLength(2_000);
    expect(log.lines.at(-2)).toContain("line 2099");
    expect(log.lines.at(-1)).toHaveLength(2_000);
  });

  it("goes on in memory where it may not write", () => {
    const log = new Log({ path: join("/dev/null", "studio.log"), now });
    log.add("still here");
    expect(log.lines).toHaveLength(1);
  });
});
