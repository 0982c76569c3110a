"""What is done to an exported ONNX file: storing it smaller, simplifying it, saying what it takes and gives."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer
from torch import nn

from .ar_graph import KEPT


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


@torch.no_grad()
def round_to_half(model: nn.Module) -> None:
    """What is stored as fp16 is what PyTorch computes with, so that golden outputs are those of the file."""
    for value in [*model.parameters(), *model.buffers()]:
        if value.is_floating_point():
            value.copy_(value.half().float())


def store_as_half(path: Path) -> None:
    """Keep large fp32 initializers as fp16 followed by a cast; the runtime folds the cast when it loads."""
    model = onnx.load(path)
    graph = model.graph
    casts = []
    for index, tensor in enumerate(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < 256:
            continue
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name + "_half")
        casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
        graph.initializer[index].CopyFrom(half)
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, path)


BLOCKS = (128, 64, 32)
"""Weights that share a scale, the largest that divides every product's inputs: fewer scales are fewer bytes to read."""


def quantise_in_blocks(path: Path, keep: str) -> None:
    """int8 weights for products by a constant, except those whose names begin with ``keep``."""
    model = onnx.load(path)
    shapes = {tensor.name: tensor.dims for tensor in model.graph.initializer}
    products = [node for node in model.graph.node if node.op_type == "MatMul" and node.input[1] in shapes]
    kept = [node.name for node in products if node.name.startswith(keep)]
    inputs = [shapes[node.input[1]][0] for node in products if node.name not in kept]
    block = next((size for size in BLOCKS if all(count % size == 0 for count in inputs)), BLOCKS[-1])
    config = DefaultWeightOnlyQuantConfig(block_size=block, is_symmetric=True, accuracy_level=4, bits=8)
    quantizer = MatMulNBitsQuantizer(model, algo_config=config, nodes_to_exclude=kept)
    quantizer.process()
    quantizer.model.save_model_to_file(str(path))


def compress(path: Path, precision: str) -> None:
    """int8 matrices where asked for; what stays in floating point is stored as fp16.

    The two kinds of int8 differ in what becomes of the activations. ``int8``: one scale for all of a product's
    input, so that a row's result depends on the other rows of the batch. ``int8-blocks``: weights in blocks
    and a scale a row, so that a sequence is the same alone and in a batch, which the AR has to be. ``fp32`` leaves
    the file as it is.
    """
    if precision == "fp32":
        return
    if precision == "int8-blocks":
        quantise_in_blocks(path, KEPT)
    if precision == "int8":
        with tempfile.TemporaryDirectory() as folder:
            quantised = Path(folder) / path.name
            quantize_dynamic(
                path,
                quantised,
                weight_type=QuantType.QInt8,
                per_channel=True,
                op_types_to_quantize=["MatMul", "Gather"],
            )
            shutil.copy(quantised, path)
    store_as_half(path)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def describe(path: Path, precision: str) -> dict[str, object]:
    graph = session(path)

    def ports(items: list[onnxruntime.NodeArg]) -> list[dict[str, object]]:
        dtypes = {"tensor(float)": "float32", "tensor(int64)": "int64"}
        return [{"name": i.name, "dtype": dtypes[i.type], "shape": list(i.shape)} for i in items]

    return {
        "file": path.name,
        "sha256": digest(path),
        "bytes": path.stat().st_size,
        "precision": precision,
        "inputs": ports(graph.get_inputs()),
        "outputs": ports(graph.get_outputs()),
    }
