import { AppError } from "../../core/errors.js";
import type { TokenLayout } from "../../core/layout.js";
import type { DrawingManifest, GraphFile, TensorInfo } from "../../shared/bundle-manifest.js";

/** A dimension that has to be this number, or any (a batch, a chunk). */
type Dimension = number | "any";
interface Port {
  readonly dtype: TensorInfo["dtype"];
  readonly shape: readonly Dimension[];
}
type Ports = Readonly<Record<string, Port>>;
interface GraphPorts {
  readonly inputs: Ports;
  readonly outputs: Ports;
}

/**
 * What each graph takes and gives, computed from the manifest's own numbers: grid, scales, widths
 * and precision are all read, none assumed. B is the batch, T tokens, P text positions.
 */
export function expectedPorts(
  { codebooks, ar, text, files }: DrawingManifest,
  layout: TokenLayout,
): Readonly<Record<"encoder" | "decoder" | "ar" | "text", GraphPorts>> {
  const { imageSize, tokenCount } = layout;
  const image: Port = float("any", 3, imageSize, imageSize);
  const codes: Port = integer("any", tokenCount);
  const keys = float("any", ar.heads, ar.headDim, "any");
  const values = float("any", ar.heads, "any", ar.headDim);
  const newRows = float(ar.layers, "any", ar.heads, "any", ar.headDim);
  const logits = (count: number) =>
    ar.order === "parallel" ? float("any", "any", count) : float("any", count);
  const words = integer("any", "any");
  return {
    encoder: { inputs: { image }, outputs: { codes } },
    decoder: {
      inputs: { image, codes, kinds: codes },
      outputs: {
        reconstruction: image,
        ...(takesCoarseScales(files.decoder) && coarsePictures(layout)),
      },
    },
    ar: {
      inputs: {
        text: float("any", "any", text.width),
        text_mask: float("any", "any"),
        codes,
        ...(ar.around && { given: codes }),
        positions: integer("any"),
        cache_mask: float("any", "any"),
        ...forEachLayer(ar.layers, "key_cache", keys),
        ...forEachLayer(ar.layers, "value_cache", values),
      },
      outputs: {
        logits_approximation: logits(codebooks.approximation),
        ...(layout.levels > 0 && { logits_detail: logits(codebooks.detail) }),
        new_keys: newRows,
        new_values: newRows,
      },
    },
    text: {
      inputs: { input_ids: words, attention_mask: words },
      outputs: { states: float("any", "any", text.width) },
    },
  };
}

/** Name of a decoder's output: the picture that the scales up to this one make. */
export function coarsePictureName(scale: number): string {
  return `picture_${scale}`;
}

/** True for a decoder that also takes the tokens of the coarsest scales alone, at their share of the time. */
export function takesCoarseScales({ outputs }: Pick<GraphFile, "outputs">): boolean {
  return outputs.some(({ name }) => name === coarsePictureName(0));
}

function coarsePictures({ imageSize, levels }: TokenLayout): Ports {
  return Object.fromEntries(
    Array.from({ length: levels }, (_, scale) => {
      const side = imageSize / 2 ** (levels - scale);
      return [coarsePictureName(scale), float("any", 3, side, side)];
    }),
  );
}

/** Caches are inputs of their own, one a layer: slices of one tensor would be copied at every step. */
function forEachLayer(layers: number, name: string, port: Port): Ports {
  return Object.fromEntries(
    Array.from({ length: layers }, (_, layer) => [`${name}_${layer}`, port]),
  );
}

/** @throws AppError BUNDLE_UNSUPPORTED naming the graph and the input or output that does not fit */
export function requireConsistentPorts(manifest: DrawingManifest, layout: TokenLayout): void {
  const expected = expectedPorts(manifest, layout);
  for (const name of ["encoder", "decoder", "ar", "text"] as const) {
    requirePorts(name, "input", expected[name].inputs, manifest.files[name].inputs);
    requirePorts(name, "output", expected[name].outputs, manifest.files[name].outputs);
  }
  requireEnlargingPorts(manifest.enlarge ?? []);
}

/** @throws AppError BUNDLE_UNSUPPORTED naming the network and the input or output that does not fit */
export function requireEnlargingPorts(networks: readonly GraphFile[]): void {
  const picture = float("any", 3, "any", "any");
  for (const { file, inputs, outputs } of networks) {
    requirePorts(file, "input", { image: picture }, inputs);
    requirePorts(file, "output", { enlarged: picture }, outputs);
  }
}

function requirePorts(
  graph: string,
  side: "input" | "output",
  expected: Ports,
  found: readonly TensorInfo[],
): void {
  for (const [name, port] of Object.entries(expected)) {
    const tensor = found.find((candidate) => candidate.name === name);
    if (tensor && fits(port, tensor)) continue;
    throw new AppError(
      "BUNDLE_UNSUPPORTED",
      `Expected the graph ${graph} to have an ${side} ${name} of ${port.dtype} [${port.shape.join(", ")}] but got ${describe(tensor)}; export the model for this app's version.`,
      { graph, port: name },
    );
  }
  if (found.length === Object.keys(expected).length) return;
  throw new AppError(
    "BUNDLE_UNSUPPORTED",
    `Expected ${Object.keys(expected).length} ${side}s of the graph ${graph} but got ${found.length}; export the model for this app's version.`,
    { graph },
  );
}

/** A name in the manifest's shape stands for a dimension that varies; exporters also leave names where a number is known. */
function fits(port: Port, { dtype, shape }: TensorInfo): boolean {
  return (
    dtype === port.dtype &&
    shape.length === port.shape.length &&
    shape.every((size, axis) => {
      const wanted = port.shape[axis];
      return typeof size === "string" || size === wanted;
    })
  );
}

function describe(tensor: TensorInfo | undefined): string {
  return tensor ? `${tensor.dtype} [${tensor.shape.join(", ")}]` : "none";
}

function float(...shape: Dimension[]): Port {
  return { dtype: "float32", shape };
}

function integer(...shape: Dimension[]): Port {
  return { dtype: "int64", shape };
}
