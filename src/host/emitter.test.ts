import { expect, test } from "vitest";
import { Emitter } from "./emitter";

test("every listener of a topic hears an event, even after one that throws", () => {
  const errors: unknown[] = [];
  const emitter = new Emitter((error) => errors.push(error));
  const heard: unknown[] = [];
  emitter.subscribe("engine-restarted", () => {
    throw new Error("broken listener");
  });
  emitter.subscribe("engine-restarted", (payload) => heard.push(payload));
  emitter.subscribe("menu-command", (payload) => heard.push(payload));
  emitter.emit("engine-restarted", { reason: "a test" });
  expect(heard).toEqual([{ reason: "a test" }]);
  expect(errors).toHaveLength(1);
});

test("the same function may subscribe twice, and each subscription ends by itself", () => {
  const emitter = new Emitter(() => undefined);
  let count = 0;
  const listener = () => {
    count += 1;
    stopSecond();
  };
  emitter.subscribe("engine-restarted", listener);
  const stopSecond = emitter.subscribe("engine-restarted", listener);
  emitter.emit("engine-restarted", { reason: "first" });
  emitter.emit("engine-restarted", { reason: "second" });
  expect(count).toBe(3);
});
