import fc from "fast-check";
import { expect, test } from "vitest";
import { AppError } from "../core/errors.js";
import { editorMethods, isEditorMethod, isEngineMethod } from "./api.js";
import { bundleFileNameSchema } from "./bundle-manifest.js";
import { createApiClient, subscribeTo } from "./client.js";
import {
  engineArguments,
  parseEngineArguments,
  parseEngineMessage,
  parseEngineRequest,
} from "./engine-messages.js";
import { unwrapEnvelope, wrapCall } from "./envelope.js";
import { documentIdSchema, jobIdSchema, modelIdSchema } from "./ids.js";
import { jobRequestSchema } from "./jobs.js";
import { maskSchema } from "./pixels.js";
import type { Transport } from "./transport.js";
import { z } from "./zod.js";

const edit = {
  kind: "edit",
  documentId: "doc-1",
  modelId: "studio-128",
  mask: { rect: { x: 0, y: 0, width: 2, height: 2 }, alpha: new Uint8Array(4) },
  frozenScales: 2,
  prompt: "a lake",
  negativePrompt: "",
  seed: 7,
  guidance: 2,
  temperature: 1,
  topK: 0,
  topP: 1,
  feather: 0,
};

test("a whole edit request passes unchanged", () => {
  expect(jobRequestSchema.parse(edit)).toEqual(edit);
});

test.each([
  ["kind", "paint"],
  ["seed", 2 ** 32],
  ["seed", -1],
  ["seed", 1.5],
  ["guidance", Number.NaN],
  ["temperature", Infinity],
  ["topP", 0],
  ["prompt", "x".repeat(2_001)],
  ["documentId", "../secret"],
  ["frozenScales", -1],
  ["mask", { rect: { x: 0, y: 0, width: 2, height: 2 }, alpha: new Uint8Array(3) }],
  ["mask", { rect: { x: 0, y: 0, width: 2, height: 2 }, alpha: [0, 0, 0, 0] }],
  ["mask", { rect: { x: 0.5, y: 0, width: 2, height: 2 }, alpha: new Uint8Array(4) }],
])("an edit request whose %s is %s is refused", (field, value) => {
  expect(jobRequestSchema.safeParse({ ...edit, [field]: value }).success).toBe(false);
});

test("variations are refused whose record could not name them", () => {
  const parsed = (firstVariation: number, variations: number) =>
    jobRequestSchema.safeParse({ ...edit, firstVariation, variations }).success;
  expect([parsed(15, 1), parsed(0, 16), parsed(12, 4)]).toEqual([true, true, true]);
  expect([parsed(15, 2), parsed(1, 16), parsed(16, 1)]).toEqual([false, false, false]);
});

test("a mask larger than any picture is refused without reading it", () => {
  const rect = { x: 0, y: 0, width: 65_535, height: 65_535 };
  expect(maskSchema.safeParse({ rect, alpha: new Uint8Array(1) }).success).toBe(false);
});

test("ids and bundle files can never be read as a path", () => {
  const schemas = [documentIdSchema, jobIdSchema, modelIdSchema, bundleFileNameSchema];
  for (const schema of schemas) {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", ".", "/", "\\", "\0", ":") }), (name) => {
        if (!schema.safeParse(name).success) return;
        expect(name).not.toMatch(/[/\\\0:]|^\.|\.\./);
      }),
      { numRuns: 2_000 },
    );
  }
});

test("inherited names are no methods", () => {
  for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty", "", 1, null]) {
    expect(isEditorMethod(name) || isEngineMethod(name)).toBe(false);
  }
});

test("a screen cannot call the methods that only hosts may", () => {
  expect(isEditorMethod("getEngineInfo")).toBe(false);
  expect(isEditorMethod("ping")).toBe(false);
});

test("the client calls by name and parses the reply", async () => {
  const calls: unknown[] = [];
  const api = createApiClient({
    invoke: async (method, request) => {
      calls.push([method, request]);
      return { jobId: "job-1", surplus: true };
    },
  });
  const reply = await api.startJob(jobRequestSchema.parse(edit));
  expect(reply).toEqual({ jobId: "job-1" });
  expect(calls).toEqual([["startJob", edit]]);
  expect(Object.keys(api).sort()).toEqual(Object.keys(editorMethods).sort());
});

test("a reply that does not parse becomes ENGINE_OUTPUT_INVALID", async () => {
  const api = createApiClient({ invoke: async () => ({ jobId: 5 }) });
  await expect(api.startJob(jobRequestSchema.parse(edit))).rejects.toMatchObject({
    code: "ENGINE_OUTPUT_INVALID",
  });
});

test("events are delivered parsed, and invalid ones only to the error listener", () => {
  const listeners: ((payload: unknown) => void)[] = [];
  const transport: Pick<Transport, "subscribe"> = {
    subscribe: (_topic, listener) => {
      listeners.push(listener);
      return () => undefined;
    },
  };
  const got: unknown[] = [];
  const errors: unknown[] = [];
  subscribeTo(
    transport,
    "job-cancelled",
    (payload) => got.push(payload),
    (error) => errors.push(error),
  );
  listeners[0]!({ jobId: "job-1", more: 1 });
  listeners[0]!({ jobId: null });
  expect(got).toEqual([{ jobId: "job-1" }]);
  expect(errors).toMatchObject([{ code: "ENGINE_OUTPUT_INVALID" }]);
});

test("a failure crosses an envelope with code, message and details", async () => {
  const envelope = await wrapCall(async () => {
    throw new AppError("MASK_EMPTY", "Paint first.", { pixels: 0 });
  });
  expect(() => unwrapEnvelope(structuredClone(envelope))).toThrow(
    expect.objectContaining({
      code: "MASK_EMPTY",
      message: "Paint first.",
      details: { pixels: 0 },
    }),
  );
  expect(unwrapEnvelope(await wrapCall(async () => 5))).toBe(5);
});

test("an engine request is parsed with its parameters, anything else is refused", () => {
  expect(parseEngineRequest({ id: 1, method: "ping", params: {} })).toEqual({
    id: 1,
    method: "ping",
    params: {},
  });
  for (const message of [
    null,
    {},
    { id: 1, method: "constructor", params: {} },
    { id: 1, method: "cancelJob", params: {} },
    { id: -1, method: "ping", params: {} },
  ]) {
    expect(() => parseEngineRequest(message)).toThrow(
      expect.objectContaining({ code: "REQUEST_INVALID" }),
    );
  }
});

test("a child cannot send host events, unknown topics or malformed payloads", () => {
  expect(parseEngineMessage({ event: "job-cancelled", payload: { jobId: "a" } })).toEqual({
    event: "job-cancelled",
    payload: { jobId: "a" },
  });
  for (const message of [
    "garbage",
    { id: 1 },
    { id: 1, ok: false, error: { code: "MADE_UP", message: "", details: {} } },
    { event: "engine-restarted", payload: { reason: "" } },
    { event: "toString", payload: {} },
    { event: "job-cancelled", payload: {} },
  ]) {
    expect(() => parseEngineMessage(message)).toThrow(
      expect.objectContaining({ code: "ENGINE_OUTPUT_INVALID" }),
    );
  }
});

test("engine arguments survive any folder name", () => {
  const folders = { modelsDir: "/tmp/a b/--session", sessionDir: "/tmp/ü" };
  expect(parseEngineArguments(engineArguments(folders))).toEqual(folders);
  expect(() => parseEngineArguments(["--models"])).toThrow(AppError);
});

test("zod never compiles code, which a content security policy would refuse", () => {
  expect(z.config().jitless).toBe(true);
});
