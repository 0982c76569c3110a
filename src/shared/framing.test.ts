import fc from "fast-check";
import { expect, test } from "vitest";
import { AppError } from "../core/errors.js";
import { decodeFrame, encodeFrame } from "./framing.js";
import { MAX_FRAME_JSON_BYTES } from "./limits.js";

/** Plain data as the contract has it, with binary parts at any place. */
const plainData = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: "binary" }),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map((number) => number + 0 /* JSON has no -0 */),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((key) => key !== "$bin" && key !== "__proto__" && key !== "toJSON"),
      tie("value"),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).value;

function frameOf(json: string, blobs: readonly number[] = []): Uint8Array {
  const text = new TextEncoder().encode(json);
  const frame = new Uint8Array(4 + text.byteLength + blobs.length);
  new DataView(frame.buffer).setUint32(0, text.byteLength, true);
  frame.set(text, 4);
  frame.set(blobs, 4 + text.byteLength);
  return frame;
}

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return "no error";
}

test("any plain data with binary parts comes back equal", () => {
  fc.assert(
    fc.property(plainData, (value) => {
      expect(decodeFrame(encodeFrame(value))).toEqual(value);
    }),
  );
});

test("a Node Buffer and a view into a larger buffer travel as just their bytes", () => {
  const large = new Uint8Array([9, 9, 1, 2, 3, 9]);
  const decoded = decodeFrame(encodeFrame({ a: Buffer.from([4, 5]), b: large.subarray(2, 5) }));
  expect(decoded).toEqual({ a: new Uint8Array([4, 5]), b: new Uint8Array([1, 2, 3]) });
});

test("a frame that does not start at its buffer's first byte decodes alike", () => {
  const frame = encodeFrame({ pixels: new Uint8Array([7, 8]) });
  const shifted = new Uint8Array(frame.byteLength + 3);
  shifted.set(frame, 3);
  expect(decodeFrame(shifted.subarray(3))).toEqual({ pixels: new Uint8Array([7, 8]) });
});

test("random bytes are refused with REQUEST_INVALID, never otherwise", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(codeOf(() => decodeFrame(bytes))).toBe("REQUEST_INVALID");
    }),
  );
});

test("a frame cut anywhere, or with a byte too many, is refused", () => {
  const frame = encodeFrame({ a: new Uint8Array(5), b: [new Uint8Array(3)] });
  for (let length = 0; length < frame.byteLength; length++) {
    expect(codeOf(() => decodeFrame(frame.subarray(0, length)))).toBe("REQUEST_INVALID");
  }
  const longer = new Uint8Array(frame.byteLength + 1);
  longer.set(frame);
  expect(codeOf(() => decodeFrame(longer))).toBe("REQUEST_INVALID");
});

test.each([
  ["a part that is not there", '{"value":{"$bin":1},"blobs":[2]}'],
  ["a negative part", '{"value":{"$bin":-1},"blobs":[2]}'],
  ["a part by name", '{"value":{"$bin":"length"},"blobs":[2]}'],
  ["a reference with a second key", '{"value":{"$bin":0,"x":1},"blobs":[2]}'],
  ["lengths beyond the bytes", '{"value":null,"blobs":[1000000000000]}'],
  ["negative lengths", '{"value":null,"blobs":[-2,4]}'],
  ["no blobs", '{"value":null}'],
  ["an array", "[]"],
  ["broken JSON", '{"value":'],
])("a frame with %s is refused", (_what, json) => {
  expect(codeOf(() => decodeFrame(frameOf(json, [1, 2])))).toBe("REQUEST_INVALID");
});

test("a frame nested more deeply than the stack is refused", () => {
  const depth = 200_000;
  const json = `{"value":${"[".repeat(depth)}${"]".repeat(depth)},"blobs":[]}`;
  expect(codeOf(() => decodeFrame(frameOf(json)))).toBe("REQUEST_INVALID");
});

test("a key __proto__ stays data", () => {
  const decoded = decodeFrame(frameOf('{"value":{"__proto__":{"isAdmin":true}},"blobs":[]}'));
  expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
  expect("isAdmin" in Object(decoded)).toBe(false);
});

test("what a frame cannot hold is refused on the sending side", () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  expect(codeOf(() => encodeFrame(cycle))).toBe("REQUEST_INVALID");
  expect(codeOf(() => encodeFrame({ $bin: 0 }))).toBe("REQUEST_INVALID");
  expect(codeOf(() => encodeFrame("x".repeat(MAX_FRAME_JSON_BYTES)))).toBe("REQUEST_INVALID");
  expect(codeOf(() => encodeFrame(10n))).toBe("REQUEST_INVALID");
});
