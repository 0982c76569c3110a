"""Residual blocks for training on a CPU with AVX-512: the same as PyTorch's, in about half of the time.

``winograd.cpp`` is compiled once a machine and version by its C++ compiler. Results differ from PyTorch's by rounding.

Dimensions: B batch, C channels (48 or 64), h and w sides.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

WIDTHS = (48, 64)
SOURCE = Path(__file__).with_suffix(".cpp")
FLAGS = ("-O3", "-march=native", "-mprefer-vector-width=512", "-fopenmp", "-shared", "-fPIC", "-std=c++17")
PLAIN, AT_LEAST_ZERO, PLUS_OTHER, WHERE_OTHER_IS_ABOVE_ZERO = range(4)

WEIGHTS_TO_POINTS = torch.tensor(
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
    ]
    + [[0, 0, 1]]
)
"""The paper's G: three weights of a line to six points."""


def missing() -> str | None:
    """What this machine lacks for it; None if nothing."""
    if compiler() is None:
        return "a C++ compiler (c++ or g++)"
    processor = Path("/proc/cpuinfo")
    if not processor.exists() or " avx512f " not in processor.read_text():
        return "a processor with AVX-512, under Linux"
    return None


def compiler() -> str | None:
    return shutil.which("c++") or shutil.which("g++")


@cache
def library() -> ctypes.CDLL:
    """Compiled at the first use and kept in the user's cache.

    Raises RuntimeError if the machine lacks something or the compiler fails.
    """
    if lacks := missing():
        raise RuntimeError(f"Expected {lacks} but there is none; train without --runtime.winograd.")
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spectral-training"
    # Another processor may know other instructions, and another version of the source is another library.
    machine = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags"))
    name = hashlib.sha256("\n".join([SOURCE.read_text(), *FLAGS, machine]).encode()).hexdigest()[:16]
    path = folder / f"winograd-{name}.so"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as part:
            made = Path(part) / path.name
            answer = subprocess.run(
                [str(compiler()), *FLAGS, "-o", str(made), str(SOURCE)], capture_output=True, text=True
            )
            if answer.returncode != 0:
                raise RuntimeError(f"Expected {SOURCE.name} to compile but the compiler said:\n{answer.stderr}")
            made.replace(path)
    return ctypes.CDLL(str(path))


def residual_block(x: Tensor, first: nn.Conv2d, second: nn.Conv2d) -> Tensor:
    """``x + second(relu(first(x)))`` of (B, C, h, w), for 3 x 3 convolutions with padding 1; differentiable."""
    return _Block.apply(x, first.weight, first.bias, second.weight, second.bias)


class _Block(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, first: Tensor, first_bias: Tensor, second: Tensor, second_bias: Tensor) -> Tensor:
        x = x.float().contiguous(memory_format=torch.channels_last)
        inner = convolve(x, first, first_bias, None, AT_LEAST_ZERO)
        ctx.save_for_backward(x, inner, first, second)
        return convolve(inner, second, second_bias, x, PLUS_OTHER)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, ...]:
        x, inner, first, second = ctx.saved_tensors
        gradient = gradient.float().contiguous(memory_format=torch.channels_last)
        of_second = correlate(inner, gradient)
        of_inner = convolve(gradient, turned(second), None, inner, WHERE_OTHER_IS_ABOVE_ZERO)
        of_first = correlate(x, of_inner)
        of_x = convolve(of_inner, turned(first), None, gradient, PLUS_OTHER)
        return of_x, *of_first, *of_second


def turned(weights: Tensor) -> Tensor:
    """Weights of the convolution that takes gradients of results to those of inputs."""
    return weights.flip(2, 3).transpose(0, 1)


def convolve(x: Tensor, weights: Tensor, bias: Tensor | None, other: Tensor | None, ending: int) -> Tensor:
    """(B, C, h, w) float32, channels last, by weights (C, C, 3, 3) with padding 1; ``other`` is of the same kind."""
    batch, channels, height, width = x.shape
    points = torch.einsum("pi,qj,ocij->pqco", WEIGHTS_TO_POINTS, WEIGHTS_TO_POINTS, weights.detach()).contiguous()
    y = torch.empty_like(x, memory_format=torch.channels_last)
    shape = (batch, height, width, channels)
    _check(library().convolve(*map(_address, (x, points, bias, other, y)), *shape, ending), channels)
    return y


def correlate(x: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of weights (C, C, 3, 3) and bias (C) of a convolution of ``x``, from that of its result."""
    batch, channels, height, width = x.shape
    points, bias = torch.empty(6, 6, channels, channels), torch.empty(channels)
    shape = (batch, height, width, channels)
    _check(library().correlate(*map(_address, (x, gradient, points, bias)), *shape), channels)
    return torch.einsum("pi,qj,pqco->ocij", WEIGHTS_TO_POINTS, WEIGHTS_TO_POINTS, points), bias


def _address(tensor: Tensor | None) -> ctypes.c_void_p:
    return ctypes.c_void_p(None if tensor is None else tensor.data_ptr())


def _check(code: int, channels: int) -> None:
    if code != 0:
        raise ValueError(f"Expected {' or '.join(map(str, WIDTHS))} channels but got {channels}.")
