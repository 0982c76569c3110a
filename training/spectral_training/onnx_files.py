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


def simplify_reshapes(path: Path) -> None:
    """Shapes that begin with the batch and the chunk, as the reshaped tensor does, become constants.

    The exporter computes such a shape anew at each place; at batch 1 those tiny operators take as long as a matrix.
    """
    model = onnx.load(path)
    graph = model.graph
    made_by = {output: node for node in graph.node for output in node.output}
    constants = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    for node in graph.node:
        shape = made_by.get(node.input[1]) if node.op_type == "Reshape" else None
        if shape is None or shape.op_type != "Concat":
            continue
        known = [constants.get(name) for name in shape.input]
        rest = [-1 if value is None else int(value.item()) for value in known[2:]]
        if known[0] is not None or known[1] is not None or rest.count(-1) > 1:
            continue
        sizes = [0, 0, *rest]
        name = f"{node.name}_shape"
        graph.initializer.append(numpy_helper.from_array(np.array(sizes, np.int64), name))
        node.input[1] = name
    outputs = {output.name for output in graph.output}
    while True:
        used = outputs | {name for node in graph.node for name in node.input}
        dead = [node for node in graph.node if not any(name in used for name in node.output)]
        if not dead:
            break
        for node in dead:
            graph.node.remove(node)
    onnx.save(model, path)


def compress(path: Path, precision: str) -> None:
    """int8 matrices where asked for; what stays in floating point is stored as fp16.

    The two kinds of int8 differ in what becomes of the activations. ``int8``: one scale for all of a product's
    input, so that a row's result depends on the other rows of the batch. ``int8-blocks``: weights in blocks of 32
    and a scale a row, so that a sequence is the same alone and in a batch, which the AR has to be. ``fp32`` leaves
    the file as it is.
    """
    if precision == "fp32":
        return
    if precision == "int8-blocks":
        config = DefaultWeightOnlyQuantConfig(block_size=32, is_symmetric=True, accuracy_level=4, bits=8)
        quantizer = MatMulNBitsQuantizer(onnx.load(path), algo_config=config)
        quantizer.process()
        quantizer.model.save_model_to_file(str(path))
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
