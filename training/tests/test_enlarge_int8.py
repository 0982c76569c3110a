"""Enlarging networks in 8 bits: near the ones in floating point, exact in the means, equal tile by tile."""

from pathlib import Path

import onnx
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from spectral_training.enlarge import export_network
from spectral_training.enlarge_int8 import quantise
from spectral_training.enlarge_network import EnlargeConfig
from spectral_training.export_onnx import session


def pictures(count: int, height: int, width: int) -> Tensor:
    """Smooth colours with some noise, in levels."""
    generator = torch.Generator().manual_seed(height * width)
    coarse = torch.rand(count, 3, 4, 4, generator=generator) * 200 + 20
    smooth = F.interpolate(coarse, (height, width), mode="bicubic")
    return (smooth + torch.randn(count, 3, height, width, generator=generator) * 4).round().clamp(0, 255)


def enlarge(path: Path, low: Tensor) -> Tensor:
    return torch.from_numpy(session(path).run(None, {"image": (low / 127.5 - 1).numpy()})[0])


@pytest.fixture(scope="module", params=[2, 4])
def files(request, tmp_path_factory) -> tuple[Path, Path, int]:
    torch.manual_seed(0)
    network = EnlargeConfig(factor=request.param, width=16, blocks=2).build().eval()
    with torch.no_grad():
        network.out.weight.normal_(std=0.05)
    folder = tmp_path_factory.mktemp("int8")
    source, target = folder / "plain.onnx", folder / "int8.onnx"
    export_network(network, source)
    quantise(source, target, pictures(8, 32, 32))
    return source, target, request.param


def test_the_inner_convolutions_are_integers_and_the_result_is_near(files) -> None:
    source, target, factor = files
    kinds = [node.op_type for node in onnx.load(target).graph.node]
    assert "QuantizeLinear" in kinds
    low = pictures(2, 24, 40)
    plain, integer = enlarge(source, low), enlarge(target, low)
    details = plain - F.interpolate(low / 127.5 - 1, scale_factor=factor)
    assert (integer - plain).pow(2).mean() < 0.02 * details.pow(2).mean()


def test_every_convolution_in_integers_hands_its_result_on_without_another_step(files) -> None:
    _, target, _ = files
    nodes = onnx.load(target).graph.node
    inputs_in_integers = {node.output[0] for node in nodes if node.op_type == "DequantizeLinear"}
    inner = [node for node in nodes if node.op_type == "Conv" and node.input[1] in inputs_in_integers]
    followers = {node.op_type for conv in inner for node in nodes if conv.output[0] in node.input}
    assert len(inner) == 4
    assert followers == {"QuantizeLinear"}
    # That behind the first convolution, which is in floating point, stays.
    assert [node.op_type for node in nodes].count("Relu") == 1


def test_the_means_of_blocks_stay_the_picture(files) -> None:
    _, target, factor = files
    low = pictures(1, 19, 23)
    means = F.avg_pool2d(enlarge(target, low), factor)
    assert torch.allclose(means, low / 127.5 - 1, atol=1e-4)


def test_tiles_are_the_same_bits_as_the_whole(files) -> None:
    _, target, factor = files
    halo = EnlargeConfig(factor=factor, width=16, blocks=2).halo
    low = pictures(1, 40, 60)
    whole = enlarge(target, low)
    tile = enlarge(target, low[..., 5:35, : 30 + halo])
    inner = tile[..., factor * halo : factor * (30 - halo), : factor * 30]
    assert torch.equal(inner, whole[..., factor * (5 + halo) : factor * (35 - halo), : factor * 30])
