"""What a training step or a picture costs on this machine, where it can be in numbers that other work on it does not
distort."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

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


STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def resident_bytes(field: str) -> int:
    """``VmRSS``, what this process holds in memory, or ``VmHWM``, the most it held since the mark was reset."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{field}:"))
    return 1024 * int(line.split()[1])


def peak_bytes(run: Callable[[], object]) -> int | None:
    """What ``run`` holds at its peak beyond what was held before it; None where the system cannot tell (not Linux)."""
    if not CLEAR.exists():
        return None
    gc.collect()
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):  # else what was freed before would be taken again without being seen
        libc.malloc_trim(0)
    CLEAR.write_text("5")  # the high-water mark starts again from here
    before = resident_bytes("VmRSS")
    run()
    return max(resident_bytes("VmHWM") - before, 0)


def speed(run: Callable[[], object], pictures: int, repeats: int = 3) -> dict[str, float]:
    """Pictures a second (the best of a few runs by the wall clock) and peak memory in MB, where it is known."""
    peak = peak_bytes(run)
    times = []
    for _ in range(repeats):
        start = perf_counter()
        run()
        times.append(perf_counter() - start)
    figures = {"pictures_per_second": pictures / min(times)}
    return figures if peak is None else figures | {"peak_memory_mb": peak / 1e6}
