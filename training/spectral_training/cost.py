"""What a training step costs on this machine, in numbers that other work on it does not distort."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import process_time

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks


def saved_bytes(loss: Callable[[], Tensor], parameters: list[Tensor]) -> int:
    """Bytes that a forward pass keeps for its backward pass, weights left out: what grows with pictures and batch.

    A process's peak memory would hold everything that was ever allocated, and a CPU has no counter of its own.
    """
    known = {p.untyped_storage().data_ptr() for p in parameters}
    kept: dict[int, Tensor] = {}  # the tensors themselves, or a freed address would be counted once for two

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            kept[storage.data_ptr()] = tensor
        return tensor

    with torch.enable_grad(), saved_tensors_hooks(keep, lambda tensor: tensor):
        value = loss()
    total = sum(tensor.untyped_storage().nbytes() for tensor in kept.values())
    del value
    return total


@dataclass
class Timer:
    cpu_seconds: float = 0.0


@contextmanager
def cpu_time() -> Iterator[Timer]:
    """Processor seconds of this process within the block: waiting for other programs is not counted."""
    timer, start = Timer(), process_time()
    try:
        yield timer
    finally:
        timer.cpu_seconds = process_time() - start
