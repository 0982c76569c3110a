/**
 * An ONNX file (see the project's `onnx.proto3` for the field numbers) that multiplies two square
 * matrices `a` and `b` into `product`.
 */
export function matMulModel(side: number): Uint8Array {
  const float = 1;
  const shape = bytes(2, [...bytes(1, integer(1, side)), ...bytes(1, integer(1, side))]);
  const matrix = (name: string) => [
    ...bytes(1, text(name)),
    ...bytes(2, bytes(1, [...integer(1, float), ...shape])),
  ];
  const node = [
    ...bytes(1, text("a")),
    ...bytes(1, text("b")),
    ...bytes(2, text("product")),
    ...bytes(4, text("MatMul")),
  ];
  const graph = [
    ...bytes(1, node),
    ...bytes(2, text("graph")),
    ...bytes(11, matrix("a")),
    ...bytes(11, matrix("b")),
    ...bytes(12, matrix("product")),
  ];
  return Uint8Array.from([...integer(1, 8), ...bytes(7, graph), ...bytes(8, integer(2, 17))]);
}

/** A field of protobuf: length and content. */
function bytes(field: number, content: readonly number[]): number[] {
  return [...varint(field * 8 + 2), ...varint(content.length), ...content];
}

function integer(field: number, value: number): number[] {
  return [...varint(field * 8), ...varint(value)];
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

function text(value: string): number[] {
  return [...new TextEncoder().encode(value)];
}
