"""Convert the ESRGAN models of the npm packages ``@upscalerjs/esrgan-*`` (MIT) to ONNX, to compare with.

    npm pack @upscalerjs/esrgan-medium && tar xzf upscalerjs-esrgan-medium-*.tgz
    python -m spectral_training.peers --package package --factor 2 --out esrgan-medium-x2.onnx

They are TensorFlow.js layer models: a JSON topology and one file of fp32 weights. The graph that comes out has the
interface of our own enlarging networks: ``image`` (B, 3, h, w) in [-1, 1] to ``enlarged`` (B, 3, f * h, f * w).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tyro
from onnx import TensorProto, helper, numpy_helper

OPSET = 17


@dataclass(frozen=True)
class Options:
    package: Path
    """Unpacked npm package."""
    out: Path
    factor: int = 2


def read_weights(model: dict[str, Any], folder: Path) -> dict[str, np.ndarray]:
    """Name -> array; the groups' files hold their weights one after another."""
    weights: dict[str, np.ndarray] = {}
    for group in model["weightsManifest"]:
        raw = b"".join((folder / name).read_bytes() for name in group["paths"])
        offset = 0
        for entry in group["weights"]:
            if entry["dtype"] != "float32" or "quantization" in entry:
                raise ValueError(f"Expected plain float32 weights but {entry['name']} is {entry}.")
            count = int(np.prod(entry["shape"]))
            values = np.frombuffer(raw, "<f4", count, offset)
            weights[entry["name"]] = values.reshape(entry["shape"])
            offset += 4 * count
    return weights


class GraphWriter:
    """Collects nodes and constants; every method returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, values: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def affine(self, source: str, scale: float, shift: float, output: str) -> str:
        by = self.constant(f"{output}_scale", np.float32(scale))
        plus = self.constant(f"{output}_shift", np.float32(shift))
        return self.node("Add", [self.node("Mul", [source, by], f"{output}_scaled"), plus], output)


def add_layer(writer: GraphWriter, layer: dict[str, Any], inputs: list[str], weights: dict[str, np.ndarray]) -> str:
    """Append one layer in NCHW order; raises ValueError for a kind that these models do not have."""
    kind, config, name = layer["class_name"], layer["config"], layer["name"]
    if kind == "Conv2D":
        kernel = writer.constant(f"{name}_kernel", weights[f"{name}/kernel"].transpose(3, 2, 0, 1))
        bias = writer.constant(f"{name}_bias", weights[f"{name}/bias"])
        out = writer.node("Conv", [*inputs, kernel, bias], name, auto_pad="SAME_UPPER")
        return writer.node("Relu", [out], f"{name}_relu") if config["activation"] == "relu" else out
    if kind == "Activation" and config["activation"] == "relu":
        return writer.node("Relu", inputs, name)
    if kind == "Concatenate":
        return writer.node("Concat", inputs, name, axis=1)
    if kind == "Add":
        return writer.node("Sum", inputs, name)
    if kind == "MultiplyBeta":
        return writer.affine(inputs[0], float(config.get("beta", 0.2)), 0.0, name)
    if kind == "UpSampling2D" and config["interpolation"] == "nearest":
        scales = writer.constant(f"{name}_scales", np.array([1, 1, *config["size"]], np.float32))
        return writer.node("Resize", [*inputs, "", scales], name, mode="nearest", nearest_mode="floor",
                           coordinate_transformation_mode="asymmetric")  # fmt: skip
    if kind.startswith("PixelShuffle"):
        factor = int(kind.removeprefix("PixelShuffle").removesuffix("x"))
        return writer.node("DepthToSpace", inputs, name, blocksize=factor, mode="DCR")
    raise ValueError(f"Expected a layer of an ESRGAN model but got {kind} ({name}).")


def convert(package: Path, factor: int) -> onnx.ModelProto:
    folder = package / "models" / f"x{factor}"
    model = json.loads((folder / "model.json").read_text())
    weights = read_weights(model, folder)
    topology = model["modelTopology"]["model_config"]["config"]
    # The two small models compute in 0..255, the large one (the only one with pixel shuffling) in 0..1.
    is_large = any(layer["class_name"].startswith("PixelShuffle") for layer in topology["layers"])
    half = 0.5 if is_large else 127.5
    writer, outputs = GraphWriter(), {}
    for layer in topology["layers"]:
        if layer["class_name"] == "InputLayer":
            outputs[layer["name"]] = writer.affine("image", half, half, "levels")
            continue
        inputs = [outputs[source[0]] for source in layer["inbound_nodes"][0]]
        outputs[layer["name"]] = add_layer(writer, layer, inputs, weights)
    writer.affine(outputs[topology["output_layers"][0][0]], 1 / half, -1.0, "enlarged")
    graph = helper.make_graph(
        writer.nodes,
        "peer",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["B", 3, "h", "w"])],
        [helper.make_tensor_value_info("enlarged", TensorProto.FLOAT, ["B", 3, "H", "W"])],
        writer.constants,
    )
    result = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    onnx.checker.check_model(result)
    return result


def main(options: Options) -> None:
    options.out.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(convert(options.package, options.factor), options.out)


if __name__ == "__main__":
    main(tyro.cli(Options))
