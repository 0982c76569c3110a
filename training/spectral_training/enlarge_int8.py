"""Enlarging networks of a bundle once more in 8 bits, which the app takes for 8-bit pictures on a CPU.

    python -m spectral_training.enlarge_int8 --bundle models/studio-128 --data 'photos/train-0000.tar' \
        --validation 'photos/val-*.tar'

Weights and activations of the convolutions between the first and the last one are integers with fixed scales
(static quantisation): about a third of the time on a CPU, at a few hundredths of a dB. The last convolution stays in
floating point, since its weights keep the blocks' means exactly. Scales do not depend on the picture, so tiles agree
exactly as before.

To run after every ``enlarge export``: it replaces all 8-bit networks of the bundle by new ones.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F
import tyro
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor

from . import data
from .evaluate import centre_crop, project, psnr, to_levels
from .export_onnx import describe, session

PRECISION = "int8"
"""Word of the manifest for these networks."""


@dataclass(frozen=True)
class Options:
    bundle: Path
    """Bundle whose networks are taken and whose manifest is rewritten."""
    data: str
    """Glob of training shards, whose photos give the ranges of the activations."""
    validation: str
    """Glob of held-out shards, on which the loss of PSNR is measured."""
    photos: int = 96
    """Photos of each."""
    speeds: tuple[str, ...] = ("best", "fast")
    """Networks to take. One for `finest` stays in floating point: who waits for it wants the last hundredths."""
    size: int = 128
    """Side of their centre crops before they are reduced."""


class Batches(CalibrationDataReader):
    """Hands out reduced pictures some at a time."""

    def __init__(self, low: Tensor) -> None:
        self.rest: Iterator[Tensor] = iter(low.split(16))

    def get_next(self) -> dict[str, np.ndarray] | None:
        part = next(self.rest, None)
        return None if part is None else {"image": (part / 127.5 - 1).numpy()}


DEEP = 14
"""Networks of more convolutions lose too much when all is rounded: each block's rounding adds to those before."""
LAST_IN_FLOAT = 4
"""Convolutions before the last one that a deep network keeps in floating point."""


def is_deep(graph: onnx.GraphProto) -> bool:
    return sum(node.op_type == "Conv" for node in graph.node) > DEEP


def inner_nodes(graph: onnx.GraphProto) -> list[str]:
    """The convolutions between the first and the last one, the ReLUs behind them, and the sums around them.

    A ReLU that is named takes its convolution's place as what is rounded, and vanishes: 0 is the least integer then.
    One that is not named would be computed between two roundings, which costs a tenth of the time and some accuracy.
    A deep network keeps its sums and its last blocks in floating point.
    """
    convolutions = [i for i, node in enumerate(graph.node) if node.op_type == "Conv"]
    kinds = ("Conv", "Relu") if is_deep(graph) else ("Conv", "Relu", "Add")
    end = convolutions[-1 - LAST_IN_FLOAT] if is_deep(graph) else convolutions[-1]
    return [graph.node[i].name for i in range(convolutions[0] + 1, end) if graph.node[i].op_type in kinds]


def quantise(source: Path, target: Path, low: Tensor) -> None:
    """Write one network in 8 bits; ``low`` are pictures (B, 3, h, w) in levels as it will meet them."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / source.name
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        graph = onnx.load(prepared).graph
        # A few extreme activations would make all steps coarse, which a deep network does not forgive.
        ranges = (
            {"calibrate_method": CalibrationMethod.Percentile, "extra_options": {"CalibPercentile": 99.999}}
            if is_deep(graph)
            else {}
        )
        quantize_static(
            prepared,
            target,
            Batches(low),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            # Seven bits of weights: processors without VNNI add two products in 16 bits, which would overflow.
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_quantize=inner_nodes(graph),
            **ranges,
        )


@torch.no_grad()
def quality(path: Path, target: Tensor, low: Tensor, factor: int) -> float:
    """PSNR after projection, as the app shows it."""
    graph = session(path)
    parts = [torch.from_numpy(graph.run(None, {"image": (x / 127.5 - 1).numpy()})[0]) for x in low.split(16)]
    return psnr(project((torch.cat(parts) + 1) * 127.5, low, factor).round(), target)


def crops(glob: str, options: Options) -> Tensor:
    photos = data.load_photos(glob, options.photos)
    return to_levels(data.to_tensor([centre_crop(photo.pixels, options.size) for photo in photos]))


def plain_networks(manifest: dict) -> list[dict]:
    return [entry for entry in manifest["enlarge"] if entry["precision"] != PRECISION]


def main(options: Options) -> None:
    path = options.bundle / "model.json"
    networks = [n for n in plain_networks(json.loads(path.read_text())) if n["speed"] in options.speeds]
    seen, held_out = crops(options.data, options), crops(options.validation, options)
    entries, metrics = [], []
    for entry in networks:
        source, factor = options.bundle / entry["file"], entry["factor"]
        target = source.with_name(f"{source.stem}-{PRECISION}.onnx")
        quantise(source, target, F.avg_pool2d(seen, factor).round())
        low = F.avg_pool2d(held_out, factor).round()
        loss = quality(source, held_out, low, factor) - quality(target, held_out, low, factor)
        print(f"{target.name}: {loss:.3f} dB less")
        rest = {key: entry[key] for key in ("speed", "factor", "halo")}
        entries.append({**describe(target, PRECISION), **rest})
        metrics.append(
            {
                "name": f"{target.stem} psnr less than {source.stem}",
                "value": round(loss, 4),
                "unit": "dB",
                "command": "python -m spectral_training.enlarge_int8",
            }
        )
    # Read anew: this took minutes.
    manifest = json.loads(path.read_text())
    names = {metric["name"] for metric in metrics}
    manifest["metrics"] = [m for m in manifest["metrics"] if m["name"] not in names] + metrics
    manifest["enlarge"] = plain_networks(manifest) + entries
    path.write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main(tyro.cli(Options))
