import { describe, expect, it } from "vitest";
import { AppError, ERROR_CODES } from "../../core/errors.js";
import { messages } from "../text/messages.js";
import { Notices } from "./notices.svelte.js";

function setUp() {
  const timers: (() => void)[] = [];
  const notices = new Notices((run) => {
    timers.push(run);
    return () => undefined;
  });
  return { notices, timers };
}

describe("notices", () => {
  it("has a title for every kind of failure", () => {
    for (const code of ERROR_CODES) expect(messages.errors[code].length).toBeGreaterThan(3);
  });

  it("leaves errors until they are read and lets the others go", () => {
    const { notices, timers } = setUp();
    notices.show({ tone: "success", title: "Saved" });
    notices.showError(new AppError("DISK_FULL", "Expected 2 MB but got none."));
    for (const run of timers) run();
    expect(notices.list.map(({ title }) => title)).toEqual(["The disk is full"]);
    notices.dismissErrors();
    expect(notices.list).toEqual([]);
  });

  it("shows a repeated message once, and never more than four", () => {
    const { notices } = setUp();
    for (let count = 0; count < 3; count++) notices.showError(new Error("again"));
    expect(notices.list).toHaveLength(1);
    for (let count = 0; count < 9; count++) notices.show({ tone: "info", title: `News ${count}` });
    expect(notices.list).toHaveLength(4);
  });

  it("does not complain about what was cancelled", () => {
    const { notices } = setUp();
    notices.showError(new AppError("JOB_CANCELLED", "The work was cancelled."));
    expect(notices.list).toEqual([]);
  });
});
