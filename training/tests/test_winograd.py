"""Residual blocks by Winograd's algorithm, against PyTorch's own."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from spectral_training import data, winograd
from spectral_training.enlarge import Train, Trainer
from spectral_training.residual import ResidualBlock, train_by_winograd
from spectral_training.runtime import Runtime, RuntimeOptions

needs_machine = pytest.mark.skipif(winograd.missing() is not None, reason=f"needs {winograd.missing()}")


def block_of(width: int) -> ResidualBlock:
    torch.manual_seed(width)
    return ResidualBlock(width, std=0.05).double()


def runtime(use_winograd: bool) -> RuntimeOptions:
    return RuntimeOptions(accelerator="cpu", winograd=use_winograd)


def with_gradients(block: nn.Module, x: Tensor, pull: Tensor) -> list[Tensor]:
    """The block's result for ``x``, and the gradients of its input and parameters for those of the result."""
    x = x.clone().requires_grad_()
    y = block(x)
    return [y, *torch.autograd.grad(y, [x, *block.parameters()], pull)]


@needs_machine
@pytest.mark.parametrize("width", winograd.WIDTHS)
@pytest.mark.parametrize("shape", [(1, 4, 4), (2, 13, 21), (3, 1, 7), (5, 16, 20)])
def test_results_and_gradients_are_those_of_pytorch(width: int, shape: tuple[int, int, int]) -> None:
    batch, height, rows = shape
    block = block_of(width)
    x, pull = (torch.randn(batch, width, height, rows, dtype=torch.float64) for _ in range(2))
    inner = block.first(x)
    # Rounding may move a value that is all but 0 over the ReLU's bend: not what is compared here.
    assert inner.abs().min() > 1e-7
    expected = with_gradients(block, x, pull)
    assert train_by_winograd(block.float()) == 1
    found = with_gradients(block, x.float(), pull.float())
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.shape == theirs.shape
        # Winograd's products of 4 x 4 round some ten times as much as plain sums.
        assert (mine - theirs).abs().max() < 3e-5 * theirs.abs().max()


@needs_machine
def test_pictures_of_any_memory_layout_are_taken_and_none_at_all() -> None:
    block = block_of(48).float()
    x = torch.randn(2, 48, 9, 8)
    expected = block(x)
    train_by_winograd(block)
    for layout in (torch.contiguous_format, torch.channels_last):
        assert torch.allclose(block(x.contiguous(memory_format=layout)), expected, atol=1e-5)
    assert torch.allclose(block(x.transpose(2, 3).contiguous().transpose(2, 3)), expected, atol=1e-5)
    assert block(x[:0]).shape == (0, 48, 9, 8)


@needs_machine
def test_a_network_trains_the_same(tmp_path: Path, shards: Path) -> None:
    photos = data.load_photos(str(shards / "train-*.tar"))
    # A width of 64, which Winograd's blocks take.
    plain, quick = (
        Trainer(Train(data="", out=tmp_path, crop=32, batch=2, bf16=False, speed="best", runtime=runtime(on)), photos)
        for on in (False, True)
    )
    for _ in range(3):
        assert quick.update(0.5) == pytest.approx(plain.update(0.5), rel=1e-3)


@needs_machine
def test_an_accelerator_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = Runtime(runtime(True))
    monkeypatch.setattr(type(chosen.fabric), "device", torch.device("cuda"))
    with pytest.raises(ValueError, match="Expected a CPU .* but this run is on cuda"):
        chosen.setup(block_of(64).float(), lambda: pytest.fail("no optimiser should be made"))


@needs_machine
def test_other_widths_stay_with_pytorch() -> None:
    block = block_of(8).float()
    assert train_by_winograd(nn.Sequential(block)) == 0
    with pytest.raises(ValueError, match="Expected 48 or 64 channels but got 8"):
        winograd.residual_block(torch.randn(1, 8, 4, 4), block.first, block.second)


def test_a_machine_that_cannot_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winograd, "compiler", lambda: None)
    winograd.library.cache_clear()
    with pytest.raises(RuntimeError, match="Expected a C\\+\\+ compiler .* train without --runtime.winograd"):
        train_by_winograd(block_of(64))
    winograd.library.cache_clear()
