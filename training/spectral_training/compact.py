"""One small file from which training can go on elsewhere: averaged weights as fp16 and where they came from.

    python -m spectral_training.compact --tokenizer a/tokenizer.pt --ar a/ar.pt --out checkpoint.pt
    python -m spectral_training.train_ar --start checkpoint.pt ...

Optimiser states are left out: they are most of a checkpoint's size and are rebuilt within some hundred steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import tyro
from torch import nn

from .checkpoint import save_atomic
from .train_ar import load_ar
from .train_tokenizer import load_tokenizer

SMALL = 1024
"""Tensors of fewer elements stay in fp32: norms, biases and statistics cost nothing."""


@dataclass(frozen=True)
class Options:
    tokenizer: Path
    ar: Path
    out: Path


def shrink(model: nn.Module) -> dict[str, torch.Tensor]:
    return {
        name: value.half() if value.is_floating_point() and value.numel() >= SMALL else value.clone()
        for name, value in model.state_dict().items()
    }


def pack(tokenizer: Path, ar: Path) -> dict[str, Any]:
    packed = {}
    for name, (model, meta) in {"tokenizer": load_tokenizer(tokenizer), "ar": load_ar(ar)}.items():
        packed[name] = {"config": model.config, "meta": meta, "weights": shrink(model)}
    return packed


def main(options: Options) -> None:
    save_atomic(pack(options.tokenizer, options.ar), options.out)
    print(f"{options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(tyro.cli(Options))
