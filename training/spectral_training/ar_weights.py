"""The weights of AR-SIT as the app's own decoding on processors reads them (kernel/decode.ts), in one safetensors file.

    python -m spectral_training.ar_weights --ar checkpoints/studio-128.pt --bundle ../models/studio-128

writes it for a bundle that was exported from this checkpoint; ``export_onnx`` does so by itself.

Dimensions: P text positions, T codes, D width, H heads, d width of a head, c code dimension, V codes of a codebook, S
scales, W width of the text states, K slots of neighbours, N outputs of a matrix.

The matrices are the 8-bit integers of the bundle's ONNX graph, so that both compute the same model up to the rounding
of activations, which the kernel does to 16 bits and the graph to 8. Tables are those of ``ar_graph`` [Note: input
tables], with one map a neighbour and codebook.

    layer.I.{qkv,out,up,down}, text_in      int8 (N, inputs); queries are divided by the root of d
    the same with .scales                   f32 (N, blocks of inputs)
    the same with .bias                     f32 (N); none of text_in, whose bias is among the positions
    layer.I.norm_{attention,mlp}, norm      f32 (2, D): weights, biases
    positions                               f16 (P + T, D)
    first                                   f16 (codes of both codebooks + 1, D): input of the one before; last: none
    vectors                                 f16 (codes of both codebooks, c)
    maps, missing                           f16 (K - 1, codebooks, c, D), f16 (K - 1, D): of the other neighbours
    neighbours                              i32 (T, K): tokens, -1 for none
    to_vector, to_vector.bias               f32 (codebooks, D, c), f32 (codebooks, c)
    bias_approximation, bias_detail         f16 (V,), f16 (S - 1, V)
    rotation                                f32 (P + T, 2, d): cosines and signed sines, where there are any
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
import tyro
from onnx import numpy_helper
from safetensors.numpy import save_file

from .ar import ArBlock, AutoregressiveModel
from .neighbours import LATER
from .onnx_files import digest, round_to_half
from .train_ar import load_ar

MATRICES = ("qkv", "out", "up", "down")
ZERO = 128
"""What the graph adds to its signed integers."""
FILE = "ar.safetensors"


def suits(model: AutoregressiveModel) -> bool:
    """Whether the kernel can decode a model: one token after another, two codebooks, vectors of whole registers."""
    config = model.config
    sizes = (config.width, config.width // config.heads, config.text_width)
    codes = (config.approximation_codes, config.detail_codes, config.code_dim)
    has_two = model.layout.scales > 1
    return has_two and config.order == "raster" and all(n % 16 == 0 for n in sizes) and all(n % 4 == 0 for n in codes)


def integers_of(graph: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """Every 8-bit matrix (N, inputs) of a graph with its scales (N, blocks), in the order of its nodes."""
    model = onnx.load(graph)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    casts = {node.output[0]: node.input[0] for node in model.graph.node if node.op_type == "Cast"}

    def value(name: str) -> np.ndarray:
        return numpy_helper.to_array(tensors[casts.get(name, name)])

    matrices = []
    for node in model.graph.node:
        if node.op_type != "MatMulNBits":
            continue
        sizes = {item.name: item.i for item in node.attribute}
        stored = value(node.input[1]).astype(np.int16) - ZERO
        if stored.max() > 127 or sizes["bits"] != 8:
            raise ValueError(f"Expected signed integers of 8 bits in {graph} but got others; export it again.")
        rows, inputs = sizes["N"], sizes["K"]
        scales = value(node.input[2]).astype(np.float32).reshape(rows, -1)
        matrices.append((stored.reshape(rows, -1)[:, :inputs].astype(np.int8), scales))
    return matrices


def cut(scales: np.ndarray, inputs: int, block: int) -> np.ndarray:
    """The scales of smaller blocks (N, inputs / block): a matrix after the heads is read a head at a time."""
    return np.repeat(scales, inputs // scales.shape[1] // block, axis=1)


@torch.no_grad()
def export_weights(model: AutoregressiveModel, graph: Path, path: Path) -> None:
    """Writes the file for a model whose compressed graph is ``graph``. Raises ValueError if it does not suit."""
    if not suits(model):
        raise ValueError("Expected raster order, several scales and widths of multiples of 16; leave it to the graph.")
    config = model.config
    kinds = 2
    head_dim = config.width // config.heads
    tensors: dict[str, np.ndarray] = {}

    def norm(name: str, module: object) -> None:
        tensors[name] = np.stack([module.weight.numpy(), module.bias.numpy()])  # type: ignore[attr-defined]

    text, *others = integers_of(graph)
    tensors["text_in"], tensors["text_in.scales"] = text
    for index, block in enumerate(model.blocks):
        assert isinstance(block, ArBlock)
        norm(f"layer.{index}.norm_attention", block.norm_attention)
        norm(f"layer.{index}.norm_mlp", block.norm_mlp)
        for matrix in MATRICES:
            name = f"layer.{index}.{matrix}"
            integers, scales = others.pop(0)
            if matrix == "out":
                block_size = math.gcd(config.width // scales.shape[1], head_dim)
                scales = cut(scales, config.width, block_size)
            bias = getattr(block, matrix).bias.numpy().copy()
            if matrix == "qkv":
                bias[: config.width] *= head_dim**-0.5
            tensors[name], tensors[f"{name}.scales"], tensors[f"{name}.bias"] = integers, scales, bias
    norm("norm", model.norm)

    codebooks = [model.vectors_approximation, model.vectors_detail]
    free = [model.free_approximation.weight, model.free_detail.weight]
    first = [(free[k] + model.vector_in[k](codebooks[k])).numpy() for k in range(kinds)]
    slots = len(model.missing)
    own = model.text_position + model.text_in.bias
    tensors["positions"] = np.concatenate([own.numpy(), model.position.numpy()])
    tensors["first"] = np.concatenate([*first, model.missing[:1].numpy()])
    tensors["vectors"] = np.concatenate([codebook.numpy() for codebook in codebooks])
    maps = [[model.vector_in[2 * slot + k].weight.t().numpy() for k in range(kinds)] for slot in range(1, slots)]
    tensors["maps"] = np.array(maps)
    tensors["missing"] = model.missing[1:].numpy()
    tensors["neighbours"] = model.neighbours.t().numpy().astype(np.int32)
    factors = [model.logit_scale[k].exp() for k in range(kinds)]
    tensors["to_vector"] = np.stack([(model.to_vector[k].weight.t() * factors[k]).numpy() for k in range(kinds)])
    tensors["to_vector.bias"] = np.stack([(model.to_vector[k].bias * factors[k]).numpy() for k in range(kinds)])
    tensors["bias_approximation"] = model.bias_approximation.numpy()
    tensors["bias_detail"] = model.bias_detail.numpy()
    if model.rotation is not None:
        cosine, sine = (table.numpy() for table in model.rotation)
        half = sine.shape[1] // 2
        signed = np.concatenate([-sine[:, :half], sine[:, half:]], axis=1)
        tensors["rotation"] = np.stack([cosine, signed], axis=1)

    halves = ("positions", "first", "vectors", "maps", "missing", "bias_approximation", "bias_detail")
    for name, tensor in tensors.items():
        kept = tensor.dtype if tensor.dtype.kind == "i" else np.float16 if name in halves else np.float32
        tensors[name] = np.ascontiguousarray(tensor, kept)
    save_file(tensors, path, {"later": str(LATER if config.around else 0)})


def entry(model: AutoregressiveModel, folder: Path) -> dict[str, object]:
    """Writes the file beside the graph of a bundle; what the manifest says of it."""
    path = folder / FILE
    export_weights(model, folder / "ar.onnx", path)
    path.chmod(0o644)
    return {"file": FILE, "sha256": digest(path), "bytes": path.stat().st_size}


@dataclass(frozen=True)
class Options:
    ar: Path
    """Checkpoint that the bundle was exported from."""
    bundle: Path
    """Bundle with a graph of int8-blocks, whose manifest takes the file in."""


def main(options: Options) -> None:
    model, _ = load_ar(options.ar)
    round_to_half(model)
    path = options.bundle / "model.json"
    manifest = json.loads(path.read_text())
    manifest["arWeights"] = entry(model, options.bundle)
    path.write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main(tyro.cli(Options))
