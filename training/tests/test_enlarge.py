"""The enlarging networks: what they promise of every picture, trained or not."""

import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from conftest import round_trip
from torch import Tensor

from spectral_training import data
from spectral_training.enlarge import Train, Trainer, export_network, minus_psnr
from spectral_training.enlarge_network import EnlargeConfig, EnlargeGraph, EnlargeNetwork, mean_of_views, shape
from spectral_training.runtime import RuntimeOptions


def network(factor: int) -> EnlargeNetwork:
    torch.manual_seed(factor)
    model = EnlargeConfig(factor=factor, width=8, blocks=2).build().eval()
    with torch.no_grad():
        model.out.weight.normal_(std=0.2)
    return model


def picture(height: int, width: int) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_block_means_are_the_input(factor: int) -> None:
    image = picture(9, 14)
    with torch.no_grad():
        large = network(factor)(image)
    assert large.shape == (1, 3, 9 * factor, 14 * factor)
    assert (large - F.interpolate(image, scale_factor=factor)).abs().max() > 0.01
    assert torch.allclose(F.avg_pool2d(large, factor), image, atol=1e-5)


def test_a_pixel_sees_no_further_than_the_halo() -> None:
    model = network(2)
    halo = model.config.halo
    image = picture(4 * halo, 4 * halo).requires_grad_()
    middle = 2 * halo
    model(image)[0, :, 2 * middle, 2 * middle].sum().backward()
    seen = image.grad[0].abs().sum(0) > 0
    rows = seen.any(1).nonzero()
    assert int(rows.min()) >= middle - halo
    assert int(rows.max()) <= middle + halo


def test_tiles_with_a_halo_agree_with_the_whole_picture() -> None:
    model = network(2)
    halo = model.config.halo
    image = picture(3 * halo, 5 * halo)
    with torch.no_grad():
        whole = model(image)
        tile = model(image[..., : 3 * halo])
    # The tile's right border is no border of the picture: what lies within the halo of it is thrown away.
    assert torch.allclose(tile[..., : 4 * halo], whole[..., : 4 * halo], atol=1e-6)


@pytest.mark.parametrize("factor", [2, 4])
def test_the_exported_graph_computes_the_same(factor: int, tmp_path) -> None:
    model = network(factor)
    with torch.no_grad():
        assert torch.allclose(EnlargeGraph(model)(picture(7, 6)), model(picture(7, 6)), atol=1e-5)
    assert export_network(model, tmp_path / "enlarge.onnx") < 1e-5


def test_the_mean_of_views_has_no_preferred_direction() -> None:
    model = network(2)
    image = picture(6, 9)
    with torch.no_grad():
        mean = mean_of_views(model, image)
        for turn in (lambda x: x.flip(-1), lambda x: x.flip(-2), lambda x: x.transpose(-1, -2)):
            assert torch.allclose(mean_of_views(model, turn(image)), turn(mean), atol=1e-5)
            assert not torch.allclose(model(turn(image)), turn(model(image)), atol=1e-3)
    assert torch.allclose(F.avg_pool2d(mean, 2), image, atol=1e-5)


def test_more_blocks_begin_as_the_shallower_network(tmp_path: Path, shards: Path) -> None:
    torch.manual_seed(0)
    deep = shape("best", 2)
    shallow = EnlargeConfig(factor=2, width=deep.width, blocks=3).build()
    path = tmp_path / "shallow.pt"
    torch.save({"config": vars(shallow.config), "weights": shallow.state_dict()}, path)
    photos = data.load_photos(str(shards / "train-*.tar"))
    trainer = Trainer(Train(data="", out=tmp_path, crop=32, start=path), photos)
    with torch.no_grad():
        assert torch.allclose(trainer.model(picture(8, 8)), shallow(picture(8, 8)), atol=1e-6)
    narrow = EnlargeConfig(factor=2, width=8, blocks=3).build()
    torch.save({"config": vars(narrow.config), "weights": narrow.state_dict()}, path)
    with pytest.raises(ValueError, match="Expected a network of 64 channels"):
        Trainer(Train(data="", out=tmp_path, crop=32, start=path), photos)


def small_trainer(shards: Path, out: Path, accumulate: int = 1) -> Trainer:
    photos = data.load_photos(str(shards / "train-*.tar"))
    runtime = RuntimeOptions(accelerator="cpu", accumulate=accumulate)
    return Trainer(Train(data="", out=out, speed="fast", crop=32, batch=4, bf16=False, runtime=runtime), photos)


def test_a_stopped_run_goes_on_as_one_that_was_not(shards: Path, tmp_path: Path) -> None:
    whole, copy = (small_trainer(shards, tmp_path) for _ in range(2))
    for step in range(3):
        whole.update(0.1 * step)
    copy.restore(round_trip(whole.state()))
    # The fractions lie on both sides of the change of the loss.
    for fraction in (0.6, 0.8, 0.9):
        assert copy.update(fraction) == pytest.approx(whole.update(fraction), rel=1e-6)
    weights = whole.averaged()
    assert all(torch.equal(value, weights[name]) for name, value in copy.averaged().items())
    assert copy.step == 6


def test_a_batch_in_parts_teaches_the_same(shards: Path, tmp_path: Path) -> None:
    whole, parts = (small_trainer(shards, tmp_path, accumulate) for accumulate in (1, 2))
    for fraction in (0.3, 0.8, 0.8, 0.8):
        assert parts.update(fraction) == pytest.approx(whole.update(fraction), rel=1e-5)


def test_the_loss_counts_decibels_of_every_picture_alike() -> None:
    error = torch.rand(2, 3, 8, 8) + 0.5
    decibels = 10 * torch.log10(4 / error.pow(2).mean(dim=(1, 2, 3)))
    other = error.clone()
    other[1] *= 0.1
    # Twenty decibels more on one of two pictures are ten on average, whichever it is.
    assert (minus_psnr(error) - minus_psnr(other)).item() * 10 / math.log(10) == pytest.approx(10, abs=1e-4)
    assert minus_psnr(error).item() == pytest.approx(-(decibels.mean().item() / 10 - math.log10(4)) * math.log(10))
