"""The ONNX graph of AR-SIT: a chunk of positions against the caches of those before, as few operators as it takes.

Dimensions: B batch, C positions of one chunk, M cached rows, P text positions, T codes, D width, H heads, d width of a
head, c code dimension, V codes of a codebook, S scales, W width of the text states.

[Note: written by hand] It computes what :meth:`AutoregressiveModel.extend` does. A step at batch 1 takes some tenths of
a millisecond, of which an exporter's graph spends most outside of its matrices. So everything that depends on the
position or on one code alone is computed at export and looked up (`[Note: input tables]`), and norms are added and
activations biased by the runtime's fused operators. A provider that lacks one of them leaves it to the CPU.

[Note: input tables] A code's row is `code` in the first codebook, `V + code` in the second, then one row for "no such
neighbour" and one of zeros for text positions. The neighbour before in raster order has its whole input in such a
table. For the others that would be megabytes each: their table holds code vectors, those of the two codebooks in
columns of their own and a 1 for "none", which one small matrix maps to the width. Neighbours that come later in the
sequence are looked up where they are ``given``, else they are "none".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper
from torch import Tensor

from .ar import NEGATIVE, ArBlock, AutoregressiveModel
from .neighbours import LATER

OPSET = 17
MICROSOFT = "com.microsoft"
KEPT = "kept_"
"""Products whose names begin so stay in floating point: tiny, and all that follows depends on them."""


@dataclass
class Graph:
    """Nodes and constants in the making; every method returns the names of its outputs."""

    nodes: list[NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)

    def constant(self, value: np.ndarray | Tensor, name: str | None = None) -> str:
        array = value.detach().cpu().numpy() if isinstance(value, Tensor) else value
        name = name or f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def ints(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def several(self, kind: str, *inputs: str, names: list[str], domain: str = "", **attributes: object) -> list[str]:
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, names, name=name, domain=domain, **attributes))
        return names

    def __call__(self, kind: str, *inputs: str, name: str | None = None, domain: str = "", **attributes: object) -> str:
        """One operator of one output."""
        name = name or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, domain=domain, **attributes))
        return name

    def split(self, x: str, sizes: str, parts: int, axis: int) -> list[str]:
        names = [f"part_{len(self.nodes)}_{index}" for index in range(parts)]
        return self.several("Split", x, sizes, names=names, axis=axis)

    def save(self, inputs: list[ValueInfoProto], outputs: list[ValueInfoProto], path: Path) -> None:
        graph = helper.make_graph(self.nodes, "ar", inputs, outputs, self.constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        onnx.checker.check_model(model)
        onnx.save(model, path)


def cache_names(layers: int) -> list[str]:
    """Inputs of the keys, then of the values, a layer each."""
    return [f"{kind}_cache_{layer}" for kind in ("key", "value") for layer in range(layers)]


def ar_outputs(model: AutoregressiveModel) -> list[str]:
    """Names of the graph's outputs; a raster has only one codebook."""
    logits = ["logits_approximation", "logits_detail"][: min(model.layout.scales, 2)]
    return [*logits, "new_keys", "new_values"]


def export_ar(model: AutoregressiveModel, path: Path) -> None:
    """Writes the graph with fp32 weights.

    Inputs: text (B, C, W), read at text positions only; text_mask (B, C) additive; codes (B, T), read as far as they
    are known; with ``around`` given (B, T), 1 for codes that are not drawn; positions (C,); cache_mask (B, M) additive;
    a layer each, keys (B, H, d, M), transposed as the product reads them, and values (B, H, M, d). Outputs: logits
    (B, V) of the last position, in parallel order (B, C, V) of all, and the chunk's rows of both caches
    (layers, B, H, C, d).
    """
    config, g = model.config, Graph()
    layers, heads, head_dim = config.layers, config.heads, config.width // config.heads
    x = embedded(g, model)
    mask, sizes = attention_mask(g, model)
    turn = rotation(g, model)
    keys, values = [], []
    delta: tuple[str, str] | None = None
    for index, block in enumerate(model.blocks):
        assert isinstance(block, ArBlock)
        normed, x = add_and_norm(g, x, delta, block.norm_attention.weight, block.norm_attention.bias)
        query, key, value = project(g, block, normed, turn)
        past = g("MatMul", query, f"key_cache_{index}")
        own = g("MatMul", query, g("Transpose", key, perm=[0, 1, 3, 2]))
        weights = g("Softmax", g("Add", g("Concat", past, own, axis=-1), mask), axis=-1)
        of_past, of_own = g.split(weights, sizes, 2, -1)
        attended = g("Add", g("MatMul", of_past, f"value_cache_{index}"), g("MatMul", of_own, value))
        joined = g("Reshape", g("Transpose", attended, perm=[0, 2, 1, 3]), g.ints(0, 0, config.width))
        delta = product(g, joined, block.out.weight), g.constant(block.out.bias)
        normed, x = add_and_norm(g, x, delta, block.norm_mlp.weight, block.norm_mlp.bias)
        hidden = g("BiasGelu", product(g, normed, block.up.weight), g.constant(block.up.bias), domain=MICROSOFT)
        delta = product(g, hidden, block.down.weight), g.constant(block.down.bias)
        keys.append(key)
        values.append(value)
    normed, _ = add_and_norm(g, x, delta, model.norm.weight, model.norm.bias)
    logits(g, model, normed)
    # Rows of all layers one after another are what stacking them gives.
    batch = g("Shape", "codes", start=0, end=1)
    stacked = g("Concat", g.ints(layers), batch, g.ints(heads, -1, head_dim), axis=0)
    for name, rows in (("new_keys", keys), ("new_values", values)):
        g("Reshape", g("Concat", *rows, axis=0), stacked, name=name)
    g.save(*ports(model), path)


def ports(model: AutoregressiveModel) -> tuple[list[ValueInfoProto], list[ValueInfoProto]]:
    config, tokens = model.config, model.layout.tokens
    heads, head_dim = config.heads, config.width // config.heads

    def floats(name: str, *shape: int | str) -> ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    def ints(name: str, *shape: int | str) -> ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.INT64, shape)

    inputs = [
        floats("text", "batch", "chunk", config.text_width), floats("text_mask", "batch", "chunk"),
        ints("codes", "batch", tokens), ints("positions", "chunk"), floats("cache_mask", "batch", "cached"),
    ]  # fmt: skip
    if config.around:
        inputs.append(ints("given", "batch", tokens))
    for name in cache_names(config.layers):
        rows = (head_dim, "cached") if name.startswith("key") else ("cached", head_dim)
        inputs.append(floats(name, "batch", heads, *rows))
    sizes = {"logits_approximation": config.approximation_codes, "logits_detail": config.detail_codes}
    rows = ("batch", "chunk") if config.order == "parallel" else ("batch",)
    outputs = [
        floats(name, *rows, sizes[name])
        if name in sizes
        else floats(name, config.layers, "batch", heads, "chunk", head_dim)
        for name in ar_outputs(model)
    ]
    return inputs, outputs


def product(g: Graph, x: str, weight: Tensor, name: str | None = None) -> str:
    """x times the transpose of ``weight`` (out, in)."""
    return g("MatMul", x, g.constant(weight.t()), name=name)


def add_and_norm(g: Graph, x: str, delta: tuple[str, str] | None, weight: Tensor, bias: Tensor) -> tuple[str, str]:
    """``delta``, a product and its bias, is added to x; the sum normed, and the sum."""
    scale, shift = g.constant(weight), g.constant(bias)
    if delta is None:
        return g("LayerNormalization", x, scale, shift, axis=-1, epsilon=1e-5), x
    at = len(g.nodes)
    names = [f"normed_{at}", "", "", f"sum_{at}"]
    g.several(
        "SkipLayerNormalization", x, delta[0], scale, shift, delta[1], names=names, domain=MICROSOFT, epsilon=1e-5
    )
    return names[0], names[3]


def embedded(g: Graph, model: AutoregressiveModel) -> str:
    """(B, C, D) inputs; see [Note: input tables]."""
    config, layout = model.config, model.layout
    p, n, dim = config.text_positions, layout.tokens_per_scale, config.code_dim
    kinds = [model.vectors_approximation, model.vectors_detail][: min(layout.scales, 2)]
    none = sum(len(vectors) for vectors in kinds)
    vectors = np.zeros((none + 2, dim * len(kinds) + 1), np.float32)
    first = np.zeros((none + 2, config.width), np.float32)
    row = 0
    for kind, codebook in enumerate(kinds):
        free = (model.free_approximation, model.free_detail)[kind].weight
        rows = slice(row, row + len(codebook))
        vectors[rows, kind * dim : (kind + 1) * dim] = codebook.numpy()
        first[rows] = (free + model.vector_in[kind](codebook)).detach().numpy()
        row += len(codebook)
    vectors[none, -1] = 1
    first[none] = model.missing[0].detach().numpy()
    maps = []
    for slot in range(1, len(model.missing)):
        maps += [model.vector_in[2 * slot + kind].weight.detach().t().numpy() for kind in range(len(kinds))]
        maps.append(model.missing[slot].detach().numpy()[None])

    # A position's neighbours, whether each is there, and the first row of its codebook.
    neighbours = model.neighbours.t().numpy()
    is_there = neighbours >= 0
    first_row = np.where(neighbours >= n, len(kinds[0]), 0)

    def at_position(of_code: np.ndarray, of_text: float) -> str:
        """Looks up a table (T, K) by position; every text position has the one value."""
        table = np.concatenate([np.full((p, of_code.shape[1]), of_text, of_code.dtype), of_code])
        return g("Gather", g.constant(table), "positions", axis=0)

    def picked(source: str, slots: slice) -> str:
        return g("Gather", source, at_position(neighbours[:, slots].clip(min=0), 0), axis=1)

    def rows_of(slots: slice) -> str:
        offset = np.where(is_there, first_row, none)[:, slots]
        code = g("Mul", picked("codes", slots), at_position(is_there[:, slots].astype(np.int64), 0))
        return g("Add", code, at_position(offset, none + 1))

    def rows_of_given(slots: slice) -> str:
        has = g("Mul", picked("given", slots), at_position(is_there[:, slots].astype(np.int64), 0))
        above_none = g("Add", picked("codes", slots), at_position(first_row[:, slots] - none, 0))
        return g("Add", g("Mul", has, above_none), at_position(np.full_like(first_row[:, slots], none), none + 1))

    earlier = slice(0, -LATER if config.around else None)
    index, others_count = rows_of(earlier), len(neighbours[0]) - 1
    before, others = g.split(index, g.ints(1, len(neighbours[0, earlier]) - 1), 2, 2)
    if config.around:
        others = g("Concat", others, rows_of_given(slice(-LATER, None)), axis=2)
    x = g("Reshape", g("Gather", g.constant(first), before, axis=0), g.ints(0, 0, config.width))
    near = g("Reshape", g("Gather", g.constant(vectors), others, axis=0), g.ints(0, 0, others_count * vectors.shape[1]))
    x = g("Add", x, g("MatMul", near, g.constant(np.concatenate(maps)), name=f"{KEPT}neighbours"))
    own = model.text_position.detach() + model.text_in.bias.detach()
    positions = np.concatenate([own.numpy(), model.position.detach().numpy()])
    x = g("Add", x, g("Gather", g.constant(positions), "positions", axis=0))
    is_text = at_position(np.zeros((layout.tokens, 1), np.float32), 1)
    return g("Add", x, g("Mul", product(g, "text", model.text_in.weight), is_text))


def attention_mask(g: Graph, model: AutoregressiveModel) -> tuple[str, str]:
    """The additive mask (B, 1, C, M + C) and the sizes [M, C] of its two parts."""
    p = model.config.text_positions
    order = np.concatenate([np.arange(p) - p, model.block_of.numpy()])
    block = g("Gather", g.constant(order.astype(np.int64)), "positions", axis=0)
    visible = g("GreaterOrEqual", g("Unsqueeze", block, g.ints(1)), block)
    itself = g("Equal", g("Unsqueeze", "positions", g.ints(1)), "positions")
    padded = g("Unsqueeze", "text_mask", g.ints(1, 2))
    zero, hidden = (g.constant(np.array(value, np.float32)) for value in (0, NEGATIVE))
    own = g("Where", itself, zero, g("Where", visible, padded, hidden))
    count = g("Shape", "positions")
    rows = g("Concat", g.ints(1, 1), count, g.ints(1), axis=0)
    past = g("Expand", g("Unsqueeze", "cache_mask", g.ints(1, 2)), rows)
    sizes = g("Concat", g("Shape", "cache_mask", start=1, end=2), count, axis=0)
    return g("Concat", past, own, axis=-1), sizes


def rotation(g: Graph, model: AutoregressiveModel) -> tuple[str, str] | None:
    """Cosines and sines (C, d) of the chunk, the sines of the first half negated; see :func:`ar.rotate`."""
    if model.rotation is None:
        return None
    cosine, sine = (table.numpy() for table in model.rotation)
    half = sine.shape[1] // 2
    signed = np.concatenate([-sine[:, :half], sine[:, half:]], axis=1)
    cosines, sines = (g("Gather", g.constant(table), "positions", axis=0) for table in (cosine, signed))
    return cosines, sines


def project(g: Graph, block: ArBlock, x: str, turn: tuple[str, str] | None) -> list[str]:
    """Queries, divided by the root of a head's width, keys and values (B, H, C, d)."""
    width = block.qkv.weight.shape[1]
    heads, head_dim = block.heads, width // block.heads
    weight, bias = block.qkv.weight.detach().clone(), block.qkv.bias.detach().clone()
    weight[:width] *= head_dim**-0.5
    bias[:width] *= head_dim**-0.5
    qkv = g("Add", product(g, x, weight), g.constant(bias))
    split_heads = g("Reshape", qkv, g.ints(0, 0, 3 * heads, head_dim))
    rows = g("Transpose", split_heads, perm=[0, 2, 1, 3])
    if turn is None:
        return g.split(rows, g.ints(heads, heads, heads), 3, 1)
    turned, value = g.split(rows, g.ints(2 * heads, heads), 2, 1)
    first, second = g.split(turned, g.ints(head_dim // 2, head_dim // 2), 2, 3)
    across = g("Mul", g("Concat", second, first, axis=3), turn[1])
    turned = g("Add", g("Mul", turned, turn[0]), across)
    return [*g.split(turned, g.ints(heads, heads), 2, 1), value]


def logits(g: Graph, model: AutoregressiveModel, normed: str) -> None:
    """Logits of both codebooks, of the last position or, in parallel order, of all."""
    config, layout = model.config, model.layout
    is_parallel = config.order == "parallel"
    kinds = min(layout.scales, 2)
    scales = [model.logit_scale[kind].exp() for kind in range(kinds)]
    maps = np.concatenate([(model.to_vector[kind].weight * scales[kind]).detach().numpy() for kind in range(kinds)]).T
    biases = np.concatenate([(model.to_vector[kind].bias * scales[kind]).detach().numpy() for kind in range(kinds)])
    last = "positions"
    if not is_parallel:
        normed = g("Gather", normed, g.constant(np.array(-1, np.int64)), axis=1)
        last = g("Gather", "positions", g.ints(-1), axis=0)
    vector = g("Add", g("MatMul", normed, g.constant(maps), name=f"{KEPT}vectors"), g.constant(biases))
    parts = g.split(vector, g.ints(*[config.code_dim] * kinds), kinds, -1) if kinds > 1 else [vector]
    of_scale = np.maximum(np.concatenate([np.ones(config.text_positions), model.scale_of.numpy()]), 1).astype(np.int64)
    for kind, name in enumerate(ar_outputs(model)[:-2]):
        codebook = (model.vectors_approximation, model.vectors_detail)[kind]
        bias = g.constant(model.bias_approximation)
        if kind == 1:
            scale = g("Gather", g.constant(of_scale - 1), last, axis=0)
            bias = g("Gather", g.constant(model.bias_detail), scale, axis=0)
        table = g.constant(codebook.t())
        if is_parallel:
            g("Add", g("MatMul", parts[kind], table, name=f"{KEPT}{name}"), bias, name=name)
        else:
            g("Gemm", parts[kind], table, bias, name=name)
