"""Synthetic shards: coloured shapes with captions that name them, so that no photo is needed."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from spectral_training.recipes import recipe
from spectral_training.tokenizer import Tokenizer

# Tiny tensors gain nothing from threads, and lose seconds to them on a machine that is busy.
torch.set_num_threads(1)

COLOURS = {"red": (200, 40, 40), "green": (40, 180, 60), "blue": (40, 60, 200), "yellow": (220, 200, 50)}


def shape_picture(colour: tuple[int, int, int], size: int, rng: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[0:size, 0:size]
    cx, cy, r = rng.uniform(0.3, 0.7) * size, rng.uniform(0.3, 0.7) * size, rng.uniform(0.15, 0.3) * size
    background = np.linspace(rng.integers(0, 120), rng.integers(130, 255), size)[:, None, None]
    picture = np.broadcast_to(background, (size, size, 3)).copy()
    picture[(x - cx) ** 2 + (y - cy) ** 2 < r * r] = colour
    return (picture + rng.normal(0, 4, picture.shape)).clip(0, 255).astype(np.uint8)


def write_shard(path: Path, count: int, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    with tarfile.open(path, "w") as tar:
        for index in range(count):
            name = list(COLOURS)[index % len(COLOURS)]
            buffer = io.BytesIO()
            Image.fromarray(shape_picture(COLOURS[name], size, rng)).save(buffer, "PNG")
            entries = {"png": buffer.getvalue(), "txt": f"a {name} ball\n".encode(), "json": json.dumps({}).encode()}
            for extension, content in entries.items():
                info = tarfile.TarInfo(f"{index:06d}.{extension}")
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))


@pytest.fixture(scope="session")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shards")
    write_shard(folder / "train-0000.tar", 48, 64, 1)
    write_shard(folder / "val-0000.tar", 16, 64, 2)
    return folder


@pytest.fixture
def tokenizer() -> Tokenizer:
    torch.manual_seed(0)
    return recipe("studio-debug").tokenizer.model.build().eval()


def round_trip(state: dict) -> dict:
    """What a checkpoint on disk would hold: no tensor shared with the running trainer."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=False)
