import { describe, expect, it } from "vitest";
import { Safetensors } from "./safetensors.js";

/** A file of a header and bytes. */
function fileOf(header: unknown, data: ArrayBufferView = new Uint8Array()): Uint8Array {
  const text = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  const file = new Uint8Array(8 + text.length + data.byteLength);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 8 + text.length);
  return file;
}

const read = (header: unknown, data?: ArrayBufferView) =>
  new Safetensors(fileOf(header, data), "w.safetensors");

describe("safetensors", () => {
  it("reads what was written, wherever the bytes begin", () => {
    const data = new Uint8Array(13);
    data.set([1, 255, 128], 0);
    new DataView(data.buffer).setFloat32(3, -1.5, true);
    new DataView(data.buffer).setInt32(7, -7, true);
    new DataView(data.buffer).setUint16(11, 0x3555, true);
    const file = read(
      {
        __metadata__: { later: "2" },
        b: { dtype: "I8", shape: [3], data_offsets: [0, 3] },
        f: { dtype: "F32", shape: [1, 1], data_offsets: [3, 7] },
        i: { dtype: "I32", shape: [], data_offsets: [7, 11] },
        h: { dtype: "F16", shape: [1], data_offsets: [11, 13] },
      },
      data,
    );
    expect(file.metadata).toEqual({ later: "2" });
    expect([...file.bytes("b").data]).toEqual([1, -1, -128]);
    expect(file.floats("f")).toEqual({ shape: [1, 1], data: Float32Array.of(-1.5) });
    expect([...file.integers("i").data]).toEqual([-7]);
    expect(file.floats("h").data[0]).toBeCloseTo(1 / 3, 3);
    expect([file.has("h"), file.has("x")]).toEqual([true, false]);
  });

  it("widens every kind of half", () => {
    const halves = Uint16Array.of(
      0,
      0x8000,
      0x0001,
      0x83ff,
      0x0400,
      0x3c00,
      0xc000,
      0x7bff,
      0x7c00,
    );
    const header = { h: { dtype: "F16", shape: [9], data_offsets: [0, 18] } };
    const least = 2 ** -24;
    expect([...read(header, halves).floats("h").data]).toEqual([
      0,
      -0,
      least,
      -1023 * least,
      1024 * least,
      1,
      -2,
      65504,
      Infinity,
    ]);
  });

  it("refuses a file that is none, and tensors that are not there as said", () => {
    const tensor = { dtype: "I8", shape: [4], data_offsets: [0, 4] };
    const four = new Uint8Array(4);
    const bad: [unknown, ArrayBufferView?][] = [
      ["no json"],
      ["[1]"],
      [{ t: { ...tensor, shape: [5] } }, four],
      [{ t: { ...tensor, shape: [-4] } }, four],
      [{ t: { ...tensor, data_offsets: [4, 0] } }, four],
      [{ t: { ...tensor, data_offsets: [0, 2 ** 40] } }, four],
      [{ t: { ...tensor, dtype: "BF16" } }, four],
      [{ t: tensor }, new Uint8Array(3)],
    ];
    for (const [header, data] of bad) {
      expect(() => read(header, data)).toThrow(/install the model again/);
    }
    for (const bytes of [new Uint8Array(3), new Uint8Array(8).fill(255)]) {
      expect(() => new Safetensors(bytes, "w")).toThrow(/install the model again/);
    }
    expect(() => read({ t: tensor }, four).floats("t")).toThrow(/t is missing/);
  });
});
