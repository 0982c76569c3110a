import { AppError } from "../../core/errors.js";
import { isAllowedDomain, isAllowedOperator } from "./operators.js";

/** Message types of the ONNX protobuf schema, as far as graphs and tensors are reached from them. */
type MessageType =
  "model" | "graph" | "node" | "attribute" | "tensor" | "sparse" | "training" | "function";
/** The message found in a field, or what to check of its value. */
type FieldMeaning = MessageType | "reject-external" | "location" | "operator" | "domain";

/** By message type and field number, after the ONNX project's `onnx.proto3`. */
const SCHEMA: Readonly<Record<MessageType, Readonly<Record<number, FieldMeaning>>>> = {
  model: { 7: "graph", 20: "training", 25: "function" },
  graph: { 1: "node", 5: "tensor", 15: "sparse" },
  node: { 4: "operator", 5: "attribute", 7: "domain" },
  attribute: { 5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse" },
  tensor: { 13: "reject-external", 14: "location" },
  sparse: { 1: "tensor", 2: "tensor" },
  training: { 1: "graph", 2: "graph" },
  function: { 7: "node", 11: "attribute" },
};

/** Deeper nesting of subgraphs than this is no model but an attack on the stack. */
const MAX_DEPTH = 64;

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/**
 * Checks an ONNX file before a runtime sees it: no tensor may refer to data outside the file (that
 * could name any file of the disk), and every operator must be one of those that are allowed.
 * @throws AppError BUNDLE_DAMAGED if it is no protobuf, BUNDLE_UNSUPPORTED for what is refused
 */
export function scanOnnx(bytes: Uint8Array, name: string): void {
  const seen = { graphs: 0 };
  scanMessage("model", bytes, name, 0, seen);
  if (seen.graphs === 0) throw notOnnx(name, "it holds no graph");
}

function scanMessage(
  type: MessageType,
  bytes: Uint8Array,
  name: string,
  depth: number,
  seen: { graphs: number },
): void {
  if (depth > MAX_DEPTH) throw notOnnx(name, "its graphs are nested too deep");
  if (type === "graph") seen.graphs++;
  // A node's operator and domain may come in any order, and an empty domain may be left out.
  const node = { operator: "", domain: "" };
  for (const field of readFields(bytes, name)) {
    const meaning: FieldMeaning | undefined = SCHEMA[type][field.number];
    if (meaning === undefined) continue;
    if (meaning === "reject-external") throw externalData(name);
    if (meaning === "location") {
      if (field.value !== 0n) throw externalData(name);
    } else if (meaning === "operator" || meaning === "domain") {
      node[meaning] = new TextDecoder().decode(field.bytes);
    } else {
      scanMessage(meaning, field.bytes, name, depth + 1, seen);
    }
  }
  if (type === "node") requireAllowed(node, name);
}

interface Field {
  readonly number: number;
  /** Content of a length-delimited field, else empty. */
  readonly bytes: Uint8Array;
  /** Value of a varint, else 0. */
  readonly value: bigint;
}

const NO_BYTES = new Uint8Array(0);

function* readFields(bytes: Uint8Array, name: string): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw notOnnx(name, "it ends early");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw notOnnx(name, "a number in it has no end");
  };
  while (at < bytes.byteLength) {
    const key = varint();
    const number = Number(key >> 3n);
    const wire = Number(key & 7n);
    if (wire === VARINT) {
      yield { number, bytes: NO_BYTES, value: varint() };
    } else if (wire === BYTES) {
      const length = Number(varint());
      if (length > bytes.byteLength - at) throw notOnnx(name, "it ends early");
      yield { number, bytes: bytes.subarray(at, at + length), value: 0n };
      at += length;
    } else if (wire === FIXED64 || wire === FIXED32) {
      at += wire === FIXED64 ? 8 : 4;
    } else {
      throw notOnnx(name, "it is not in the ONNX format");
    }
  }
}

function requireAllowed(
  { operator, domain }: { readonly operator: string; readonly domain: string },
  name: string,
): void {
  if (!isAllowedDomain(domain)) {
    throw new AppError(
      "BUNDLE_UNSUPPORTED",
      `Expected only standard operators in ${name} but one comes from "${domain}"; export the model without custom operators.`,
      { file: name, domain },
    );
  }
  if (isAllowedOperator(domain, operator)) return;
  throw new AppError(
    "BUNDLE_UNSUPPORTED",
    `Expected only operators that this app knows in ${name} but found "${operator}"; export the model without it, or use a newer app.`,
    { file: name, domain, operator },
  );
}

function externalData(name: string): AppError {
  return new AppError(
    "BUNDLE_UNSUPPORTED",
    `Expected all weights inside ${name} but it refers to another file; export the model as one file.`,
    { file: name },
  );
}

function notOnnx(name: string, problem: string): AppError {
  return new AppError(
    "BUNDLE_DAMAGED",
    `Expected an ONNX graph in ${name} but ${problem}; install the model again.`,
    { file: name },
  );
}
