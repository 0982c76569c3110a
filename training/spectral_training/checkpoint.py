"""Atomic checkpoints, exponential moving averages, run metadata and the learning-rate schedule."""

from __future__ import annotations

import json
import math
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn


def save_atomic(state: dict[str, Any], path: Path) -> None:
    """Written beside its target and renamed, so that a killed run leaves the last good file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial")
    torch.save(state, temporary)
    os.replace(temporary, path)


def load(path: Path) -> dict[str, Any]:
    """A checkpoint, on the CPU whatever it was trained on."""
    return torch.load(path, map_location="cpu", weights_only=False)


def commit() -> str:
    try:
        answer = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent
        )
    except OSError:
        return "unknown"
    return answer.stdout.strip() or "unknown"


class Ema:
    """Exponential moving average of the parameters; buffers (codebooks) are averages already."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.shadow = {name: p.detach().clone() for name, p in model.named_parameters()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        # A short memory first: otherwise the random start weighs on for thousands of steps.
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, parameter in model.named_parameters():
            self.shadow[name].lerp_(parameter.detach(), 1 - decay)

    @torch.no_grad()
    def copy_to(self, model: nn.Module) -> None:
        for name, parameter in model.named_parameters():
            parameter.copy_(self.shadow[name])


def start_from(
    model: nn.Module,
    path: Path,
    part: str,
    adapt: Callable[[Any, dict[str, Any]], tuple[Any, dict[str, Any]]] | None = None,
) -> dict[str, Any]:
    """Load the weights of ``part`` ("tokenizer" or "ar") into ``model``; returns what is known about them.

    ``adapt`` may make a config and weights of an older shape fit.

    Raises ValueError if they belong to a model of another shape.
    """
    stored = load(path)[part]
    config, weights = stored["config"], stored["weights"]
    weights = {name: value.float() if value.is_floating_point() else value for name, value in weights.items()}
    config, weights = (config, weights) if adapt is None else adapt(config, weights)
    if config != model.config:  # type: ignore[attr-defined]
        raise ValueError(
            f"Expected {path} to hold a {part} of the recipe's shape but it is another; change the recipe."
        )
    model.load_state_dict(weights)
    return stored["meta"]


def cosine(fraction: float, warmup: float = 0.02, floor: float = 0.03) -> float:
    """Factor of the peak learning rate at ``fraction`` in [0, 1] of the run."""
    if fraction < warmup:
        return max(fraction / warmup, 0.02)
    progress = min(1.0, (fraction - warmup) / (1 - warmup))
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress))


class Log:
    """Metrics as JSON lines, with step and seconds trained; if asked for, also for TensorBoard."""

    def __init__(self, path: Path, is_writer: bool = True, tensorboard: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path, self.is_writer = path, is_writer
        self.board = None
        if tensorboard and is_writer:
            from torch.utils.tensorboard import SummaryWriter

            self.board = SummaryWriter(str(path.parent / "tensorboard" / path.stem))

    def write(self, **values: Any) -> None:
        """One line; only the first process of a run writes."""
        if not self.is_writer:
            return
        line = json.dumps({k: round(v, 5) if isinstance(v, float) else v for k, v in values.items()})
        with self.path.open("a") as file:
            file.write(line + "\n")
        print(line, flush=True)
        if self.board is not None and "step" in values:
            for name, value in values.items():
                if isinstance(value, float):
                    self.board.add_scalar(name, value, values["step"])

    def picture(self, name: str, pixels: Any, step: int) -> None:
        """pixels: (h, w, 3) uint8."""
        if self.board is not None:
            self.board.add_image(name, pixels, step, dataformats="HWC")


class Clock:
    """Seconds of training, over all resumptions, and the fraction of the run that is done.

    A run is bounded by ``steps``; with ``minutes`` it ends (and its learning rate decays) by time instead,
    which is what a shared machine of unknown speed needs.
    """

    def __init__(self, steps: int, minutes: float | None, trained: float = 0.0) -> None:
        self.steps, self.minutes, self.before, self.start = steps, minutes, trained, time.monotonic()

    @property
    def seconds(self) -> float:
        return self.before + time.monotonic() - self.start

    def fraction(self, step: int) -> float:
        done = step / self.steps if self.minutes is None else self.seconds / (60 * self.minutes)
        return min(1.0, done)
